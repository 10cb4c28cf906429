import { KernelError } from "../error.ts";
import { currentExecution } from "./execution.ts";
import type { Reporter } from "./reporter.ts";

export interface InputOptions {
  /** What is typed is not shown, and not kept by the front end. */
  password?: boolean;
}

/** Questions to the person at the front end that runs the cell. */
export class Prompts {
  readonly #reporter: Reporter;
  readonly #open = new Map<number, { resolve(value: string): void; reject(error: Error): void }>();
  #last = 0;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
  }

  readonly ask = async (prompt: unknown = "", options: InputOptions = {}): Promise<string> => {
    const execution = currentExecution();
    if (!execution) throw new KernelError("not-a-cell", "input() works in the code of a cell only.");
    if (!execution.allowStdin) throw new KernelError("no-stdin", "This front end cannot ask for input.");
    const id = ++this.#last;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#open.set(id, { resolve, reject });
    this.#reporter.send({
      type: "input",
      id,
      index: execution.index,
      prompt: String(prompt),
      password: options.password === true,
    });
    try {
      return String(await execution.untilInterrupt(promise));
    } finally {
      this.#open.delete(id);
    }
  };

  answer(id: number, value: string): void {
    this.#open.get(id)?.resolve(value);
  }

  fail(id: number, reason: string): void {
    this.#open.get(id)?.reject(new KernelError("no-stdin", reason));
  }
}
