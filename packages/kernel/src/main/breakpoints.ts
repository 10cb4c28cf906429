import { randomUUID } from "node:crypto";
import { KernelError } from "../error.ts";
import { currentExecution, type Execution } from "./execution.ts";
import type { HostLink } from "./host-link.ts";
import type { Reporter } from "./reporter.ts";

export interface BreakpointOptions {
  /** Said below the cell that stops. */
  banner?: string;
  /** Names that cells have until it goes on. A name that a cell declared keeps the cell's value. */
  locals?: Readonly<Record<string, unknown>>;
}

interface Stop {
  readonly id: string;
  readonly execution: Execution;
  goOn(): void;
}

/** Characters of a banner that the server hears of. */
const MOST_BANNER = 2000;

/** Places where a cell's program waits while other cells run. The innermost goes on first. */
export class Breakpoints {
  readonly #reporter: Reporter;
  readonly #link: HostLink;
  readonly #open: Stop[] = [];

  constructor(reporter: Reporter, link: HostLink) {
    this.#reporter = reporter;
    this.#link = link;
  }

  /** Stops the calling program until `continue`, with its names in reach of the cells that run meanwhile. */
  readonly stop = async ({ banner = "", locals = {} }: BreakpointOptions = {}): Promise<void> => {
    const execution = currentExecution();
    if (!execution?.running) {
      throw new KernelError("not-a-cell", "nb.breakpoint() stops the code of a running cell only.");
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop: Stop = { id: randomUUID(), execution, goOn: resolve };
    const restore = define(locals);
    this.#open.push(stop);
    const names = Object.keys(locals);
    process.stdout.write(
      `${banner === "" ? "" : `${banner}\n`}Stopped${names.length > 0 ? ` with ${names.join(", ")}` : ""}. Run other cells; nb.continue() or %continue goes on.\n`,
    );
    this.#reporter.send({ type: "paused", index: execution.index });
    this.#link.send("breakpoint-opened", { id: stop.id, banner: banner.slice(0, MOST_BANNER) });
    try {
      await execution.untilInterrupt(promise);
    } finally {
      restore();
      this.#open.splice(this.#open.indexOf(stop), 1);
      // Before the end of the cell that said it, so that no queued cell comes in between.
      if (execution.interrupted) this.#left(stop);
    }
  };

  /** Lets the program that stopped last go on when the calling cell has ended. */
  readonly continue = (): void => {
    const stop = this.#open.at(-1);
    if (!stop) throw new KernelError("not-stopped", "No program is stopped at a breakpoint.");
    const goOn = (): void => {
      this.#left(stop);
      stop.goOn();
    };
    const caller = currentExecution();
    if (caller?.running && caller !== stop.execution) caller.finish.push(goOn);
    else goOn();
  };

  #left({ id, execution }: Stop): void {
    this.#link.send("breakpoint-closed", { id });
    this.#reporter.send({ type: "resumed", index: execution.index });
  }
}

/** Puts names on the global object. Returns how to take them away again. */
function define(names: Readonly<Record<string, unknown>>): () => void {
  const before = Object.keys(names).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(names)) {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  };
}
