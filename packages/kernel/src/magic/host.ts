import type { JsonObject } from "@opsbook/jupyter/codec";
import type { Display } from "../display/display.ts";
import type { Captured } from "../main/capture.ts";
import type { Config } from "../main/config.ts";
import type { Execution } from "../main/execution.ts";

/** What magics need of the kernel they run in. */
export interface MagicHost {
  readonly display: Display;
  /** Runs TypeScript, magics included, in the session's scope; its names stay. `label` is what stacks call it. */
  runCode(code: string, options?: { label?: string }): Promise<unknown>;
  /** Declares a name in the session. */
  assign(name: string, value: unknown): Promise<void>;
  /** The cell that runs now. */
  execution(): Execution;
  /** For the front end, in the reply of the cell. */
  payload(content: JsonObject): void;
  /** Whether the front end is one that shows everything a cell displays where it stands, as ours does. */
  ours(): boolean;
  capture(execution: Execution): Captured;
  /** Names that cells declared. */
  names(): string[];
  /** The value of a declared name; undefined when finding out would run code. */
  peek(name: string): unknown;
  /** Sources by number. */
  readonly sources: Readonly<Record<number, string>>;
  /** Earlier sessions' cells, the oldest session first. */
  earlier(): { read(): { line: number; source: string }[] }[];
  readonly config: Config;
  /** Ends the latest breakpoint. */
  goOn(): void;
  /** Forgets values and results. */
  reset(names: readonly string[] | null): Promise<void>;
  /** Loads a module anew, and what depends on it. Resolves to the names that have new values. */
  reload(specifier: string): Promise<string[]>;
  /** The notebook's folder. */
  readonly folder: string;
}
