import { createRequire } from "node:module";
import type { Display } from "../display/display.ts";
import { KernelError } from "../error.ts";
import { HistoryStore } from "../history/store.ts";
import { MAGIC } from "../magic/expand.ts";
import type { MagicHost } from "../magic/host.ts";
import type { createMagics } from "../magic/index.ts";
import type { Breakpoints } from "./breakpoints.ts";
import { Captured } from "./capture.ts";
import type { Config } from "./config.ts";
import { currentExecution, type Execution } from "./execution.ts";
import type { HostLink } from "./host-link.ts";
import type { Notebook } from "./notebook.ts";

type Made = ReturnType<typeof createMagics>;

export interface MagicParts {
  notebook: Notebook;
  display: Display;
  folder: string;
  link: HostLink;
  config: Config;
  breakpoints: Breakpoints;
  /** Folder of the history, null when none is kept. */
  history: string | null;
  /** The value of a name, when finding out runs no code. */
  peek(name: string): unknown;
}

const require = createRequire(import.meta.url);

/** The kernel's side of `%`, `!`, `?` and of `nb`. Nothing of it is loaded before a cell uses it. */
export class KernelMagics {
  #made: Made | null = null;
  #make: (() => Made) | null = null;

  /** Whether there is a magic of this name. */
  readonly has = (name: string): boolean => this.#get().magic.registry.has(name);

  install(parts: MagicParts): void {
    this.#make = () => {
      // The module exports the function by this name.
      const module = require("../magic/index.ts") as { createMagics: typeof createMagics };
      return module.createMagics(createHost(parts));
    };
    lazy(globalThis, MAGIC, () => this.#get().calls);
    const nb = {};
    Object.assign(nb, { breakpoint: parts.breakpoints.stop, continue: parts.breakpoints.continue });
    lazy(nb, "magic", () => this.#get().magic);
    Object.defineProperty(globalThis, "nb", { value: nb, writable: true, configurable: true, enumerable: false });
  }

  #get(): Made {
    if (this.#made) return this.#made;
    if (!this.#make) throw new KernelError("not-a-cell", "The kernel is not ready for magics.");
    this.#made = this.#make();
    return this.#made;
  }
}

function createHost({ notebook, display, folder, link, config, breakpoints, history, peek }: MagicParts): MagicHost {
  const execution = (): Execution => {
    const current = currentExecution();
    if (!current) throw new KernelError("not-a-cell", "This works in the code of a cell only.");
    return current;
  };
  const runCode: MagicHost["runCode"] = (code, { label } = {}) => notebook.runInside(code, execution(), label);
  let handed: unknown;
  Object.defineProperty(globalThis, HANDED, { get: () => handed });
  const assign = async (name: string, value: unknown): Promise<void> => {
    if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name))
      throw new TypeError(`${JSON.stringify(name)} is not a name.`);
    handed = value;
    try {
      await runCode(`let ${name} = ${HANDED};`);
    } finally {
      handed = undefined;
    }
  };
  return {
    display,
    runCode,
    assign,
    execution,
    payload: (content) => void execution().payload.push(content),
    ours: () => link.isOpen,
    capture: (one) => new Captured(one),
    names: () => [...notebook.names.storage.keys()],
    peek,
    sources: notebook.results.sources,
    reset: async (names) => {
      for (const name of names ?? notebook.names.storage.keys()) {
        if (!notebook.names.storage.has(name)) throw new ReferenceError(`No cell declared ${name}.`);
        await assign(name, undefined);
      }
      if (names === null) notebook.results.clear();
    },
    config,
    goOn: breakpoints.continue,
    earlier: () => (history === null ? [] : new HistoryStore(history).earlier()),
    reload: (specifier) => notebook.reload(specifier),
    folder,
  };
}

/** The global through which a value gets its name. */
const HANDED = "__opsbook_handed";

function lazy(target: object, name: string, make: () => unknown): void {
  Object.defineProperty(target, name, { get: make, configurable: false, enumerable: true });
}
