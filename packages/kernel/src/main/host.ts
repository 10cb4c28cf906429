import type { JsonObject } from "@opsbook/jupyter/codec";
import { checkedBundle } from "../display/bundle.ts";
import type { Display, DisplayOptions } from "../display/display.ts";
import type { Children } from "./children.ts";
import { hidden } from "./evaluator.ts";
import { currentExecution } from "./execution.ts";
import type { HostLink } from "./host-link.ts";
import type { InputOptions, Prompts } from "./prompts.ts";

const HOST = Symbol.for("opsbook.host");
const VERSION = 1;

/** The bridge that libraries find without importing the kernel. Its shape is a contract with packages/ops. */
export function installHost(parts: { link: HostLink; display: Display; prompts: Prompts; children: Children }): void {
  const { link, display, prompts, children } = parts;
  const never = new AbortController().signal;
  hidden(
    HOST,
    Object.freeze({
      version: VERSION,
      /** A message of the host channel; `data` are its fields beside version and type. */
      send: (type: string, data: unknown): void => link.send(type, data),
      /** Calls back for each message of this type from the server. Returns how to take that back. */
      listen: (type: string, listener: (data: JsonObject) => void): (() => void) => link.listen(type, listener),
      /** Aborts when the execution that calls this is interrupted. */
      signal: (): AbortSignal => currentExecution()?.signal ?? never,
      display(bundle: unknown, options: DisplayOptions = {}): void {
        const checked = checkedBundle(bundle);
        if (!checked) throw new TypeError("display takes a MIME bundle.");
        display.raw(checked, options);
      },
      input: (prompt: string, options?: InputOptions): Promise<string> => prompts.ask(prompt, options),
      trackChild: (pid: number): void => children.track(pid, currentExecution()?.index ?? 0),
    }),
  );
}
