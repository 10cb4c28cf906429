import type { TerminalHandle, Terminals } from "../index.ts";
import { until } from "./place.ts";

export interface View {
  handle: TerminalHandle;
  /** Pieces as they came, with the offset each was given. */
  pieces: { offset: number; data: Buffer }[];
  text(): string;
  /** Waits until the text holds `marker`. */
  saw(marker: string | RegExp): Promise<void>;
  exit: Promise<{ code: number | null; signal: string | null }>;
}

export function view(terminals: Terminals, name: string, fromOffset = 0): View {
  const pieces: View["pieces"] = [];
  const exit = Promise.withResolvers<{ code: number | null; signal: string | null }>();
  const handle = terminals.attach(name, {
    fromOffset,
    onData: (offset, data) => pieces.push({ offset, data: Buffer.from(data) }),
    onExit: (code, signal) => exit.resolve({ code, signal }),
  });
  const text = () => Buffer.concat(pieces.map(({ data }) => data)).toString();
  return {
    ...{ handle, pieces, text, exit: exit.promise },
    saw: (marker) => until(() => (typeof marker === "string" ? text().includes(marker) : marker.test(text()))),
  };
}
