import type { MimeBundle } from "./display.ts";

/** What a kernel offers to libraries it preloads. Absent in a plain Node program. */
export interface HostChannel {
  readonly version: 1;
  send(type: string, data: Readonly<Record<string, unknown>>): void;
  /** Aborts when the cell that is running now is interrupted. */
  signal(): AbortSignal;
  display(bundle: MimeBundle, options?: { readonly id?: string; readonly update?: boolean }): void;
  input(prompt: string, options?: { readonly password?: boolean }): Promise<string>;
  /** Names a child process that must not outlive the kernel or an interrupt. */
  trackChild(pid: number): void;
}

const HOST = Symbol.for("opsbook.host");

/** The kernel's channel, or undefined outside a kernel or when it speaks another version. */
export function hostChannel(): HostChannel | undefined {
  const candidate: unknown = Reflect.get(globalThis, HOST);
  return isHostChannel(candidate) ? candidate : undefined;
}

function isHostChannel(value: unknown): value is HostChannel {
  if (typeof value !== "object" || value === null || !("version" in value) || value.version !== 1) return false;
  return ["send", "signal", "display", "input", "trackChild"].every(
    (name) => typeof Reflect.get(value, name) === "function",
  );
}
