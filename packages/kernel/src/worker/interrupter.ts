import { Session } from "node:inspector";
import { childrenOf, ProcessTree } from "../process-tree.ts";

/** Milliseconds the main thread gets to answer before it is made to stop. */
const PATIENCE = 40;
/** Milliseconds between two looks whether it answered. */
const REPEAT = 100;
/** Looks after a termination that hit something before another one may: a loaded machine is slow to answer. */
const LOOKS_BETWEEN = 10;
/** Looks for which modules may go on loading before that is taken for what has to be stopped. */
const MAX_LOOKS_LOADING = 8;
/** Milliseconds an execution that was told to stop may go on before it is told again. */
const TOLD_AND_RUNNING = 1000;
/** Signals to the children that a system call of the thread waits for, one a look. */
const SIGNALS = ["SIGINT", "SIGINT", "SIGTERM", "SIGTERM", "SIGKILL"] as const;

export interface InterrupterHandlers {
  /**
   * Asks the main thread, whose answer must come back through `answered`. `terminated` says that something of it was
   * cut off, so that an end it still waits for may never come.
   */
  ask(index: number, terminated: boolean): void;
  /** How many modules the thread has begun to load so far. */
  loads(): number;
  /** Children that some cell started without waiting: they are not what holds the thread. */
  background(): ReadonlySet<number>;
  /** A child that holds the thread was found. What it leaves behind may need stronger signals later. */
  waitedFor(pid: number, index: number): void;
}

/**
 * Stops what the main thread does: asks first, terminates only when it does not answer. A termination that hits an
 * idle thread ends whatever runs there next, so a second one is not sent before the first has hit something.
 */
export class Interrupter {
  readonly #handlers: InterrupterHandlers;
  #session: Session | null = null;
  #timer: NodeJS.Timeout | null = null;
  #target: number | null = null;
  /** A termination was sent and has hit nothing yet: the thread is in a system call. */
  #pending = false;
  #looksSinceHit = LOOKS_BETWEEN;
  #signals = 0;
  /** What the thread waits for in a system call, with what that left behind. */
  readonly #trees = new Map<number, ProcessTree>();
  #loads = 0;
  #looksLoading = 0;

  constructor(handlers: InterrupterHandlers) {
    this.#handlers = handlers;
  }

  /** `index` is the execution to stop, 0 for none: then only what blocks the thread is. */
  interrupt(index: number): void {
    if (this.#target === index && this.#timer) {
      this.#handlers.ask(index, false);
      return;
    }
    this.finished();
    this.#target = index;
    this.#looksSinceHit = LOOKS_BETWEEN;
    this.#signals = 0;
    this.#trees.clear();
    this.#loads = this.#handlers.loads();
    this.#looksLoading = 0;
    this.#handlers.ask(index, false);
    this.#timer = setTimeout(this.#look, PATIENCE);
  }

  /** The thread answered, so it is free; `running` says that the execution was told and has not ended yet. */
  answered(index: number, running: boolean): void {
    if (index !== this.#target) return;
    this.finished();
    if (!running) return;
    // A `finally` block may loop.
    this.#target = index;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.interrupt(index);
    }, TOLD_AND_RUNNING);
  }

  /** The execution ended, or there is nothing to wait for. */
  finished(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#target = null;
  }

  readonly #look = (): void => {
    if (this.#pending) this.#signalChildren();
    else if (this.#isLoading()) this.#looksLoading++;
    else if (++this.#looksSinceHit >= LOOKS_BETWEEN) this.#terminate();
    this.#timer = setTimeout(this.#look, REPEAT);
  };

  /** A module that is cut off while it loads stays half loaded for the rest of the session. */
  #isLoading(): boolean {
    const before = this.#loads;
    this.#loads = this.#handlers.loads();
    return this.#loads !== before && this.#looksLoading < MAX_LOOKS_LOADING;
  }

  #terminate(): void {
    if (!this.#session) {
      this.#session = new Session();
      this.#session.connectToMainThread();
    }
    this.#pending = true;
    this.#session.post("Runtime.terminateExecution", () => {
      this.#pending = false;
      this.#looksSinceHit = 0;
      if (this.#target !== null) this.#handlers.ask(this.#target, true);
    });
  }

  #signalChildren(): void {
    const signal = SIGNALS[Math.min(this.#signals++, SIGNALS.length - 1)] ?? "SIGKILL";
    const background = this.#handlers.background();
    for (const pid of childrenOf(process.pid)) {
      if (background.has(pid) || this.#trees.has(pid)) continue;
      this.#trees.set(pid, new ProcessTree(pid));
      this.#handlers.waitedFor(pid, this.#target ?? 0);
    }
    for (const tree of this.#trees.values()) tree.signal(signal);
  }
}
