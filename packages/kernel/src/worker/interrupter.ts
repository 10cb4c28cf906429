import { Session } from "node:inspector";
import { childrenOf, signalTree } from "../process-tree.ts";

/** Milliseconds the main thread gets to answer a request to stop before it is made to. */
const PATIENCE = 40;
/** Milliseconds between two attempts after the first. */
const REPEAT = 100;
/** Milliseconds an execution that was told to stop may go on before it is told again. */
const TOLD_AND_RUNNING = 1000;
/** The attempt from which on a system call is taken to hold the thread, by a child process it waits for. */
const CHILDREN_FROM = 2;
const SIGNALS = ["SIGINT", "SIGINT", "SIGTERM", "SIGTERM", "SIGKILL"] as const;

export interface InterrupterHandlers {
  /** Asks the main thread; an answer must come back through `answered`, and its end through `finished`. */
  ask(index: number): void;
  /** Children that some cell started without waiting: they are not what holds the thread. */
  background(): ReadonlySet<number>;
}

/**
 * Stops what the main thread does: asks first, terminates only when it does not answer. A termination that hits an
 * idle thread would end whatever runs there next, and one sent too early is lost, so each is followed by asking again.
 */
export class Interrupter {
  readonly #handlers: InterrupterHandlers;
  #session: Session | null = null;
  #timer: NodeJS.Timeout | null = null;
  #attempt = 0;

  constructor(handlers: InterrupterHandlers) {
    this.#handlers = handlers;
  }

  /** `index` is the execution to stop, 0 for none: then only what blocks the thread is. */
  interrupt(index: number): void {
    this.#handlers.ask(index);
    if (this.#timer) return;
    this.#attempt = 0;
    this.#timer = setTimeout(() => this.#force(index), PATIENCE);
  }

  /** The thread answered: it is free, and the execution has been told to stop. */
  answered(index: number): void {
    this.finished();
    if (index > 0) this.#timer = setTimeout(() => this.#again(index), TOLD_AND_RUNNING);
  }

  /** The execution ended, or there is nothing to wait for. */
  finished(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** It was told, and it goes on: a `finally` block may loop. */
  #again(index: number): void {
    this.#timer = null;
    this.interrupt(index);
  }

  #force(index: number): void {
    this.#terminate();
    if (++this.#attempt >= CHILDREN_FROM) this.#signalChildren();
    this.#timer = setTimeout(() => this.#force(index), REPEAT);
  }

  #terminate(): void {
    if (!this.#session) {
      this.#session = new Session();
      this.#session.connectToMainThread();
    }
    this.#session.post("Runtime.terminateExecution");
  }

  #signalChildren(): void {
    const signal = SIGNALS[Math.min(this.#attempt - CHILDREN_FROM, SIGNALS.length - 1)] ?? "SIGKILL";
    const background = this.#handlers.background();
    for (const pid of childrenOf(process.pid)) if (!background.has(pid)) signalTree(pid, signal);
  }
}
