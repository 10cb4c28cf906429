import { ProcessTree } from "../process-tree.ts";

/** Milliseconds after an interrupt at which what is still there gets the next signal. */
const ESCALATION: readonly [number, NodeJS.Signals][] = [
  [0, "SIGINT"],
  [1000, "SIGTERM"],
  [3000, "SIGKILL"],
];
/** Milliseconds after an interrupt at which the person is told what is still there: before that second is over. */
const TELL = 800;
/** And again, when nothing helped. */
const TELL_LAST = 4000;

/**
 * Which execution started which child process, so that an interrupt ends its children and no others. Here, because no
 * loop and no termination of a cell reaches this thread.
 */
export class Children {
  readonly #alive = new Map<number, number>();
  readonly #interrupted = new Set<number>();
  readonly #tell: (index: number, text: string) => void;

  /** `tell` writes for the person who ran that execution. */
  constructor(tell: (index: number, text: string) => void) {
    this.#tell = tell;
  }

  started(pid: number, index: number): void {
    this.#alive.set(pid, index);
    if (this.#interrupted.has(index)) this.#endTrees([pid], index);
  }

  ended(pid: number): void {
    this.#alive.delete(pid);
  }

  /** All that are known, none of which a system call of the main thread waits for. */
  background(): ReadonlySet<number> {
    return new Set(this.#alive.keys());
  }

  /** Ends the process trees of an execution, those that it starts from now on too, and tells what does not end. */
  interrupt(index: number): void {
    if (index === 0 || this.#interrupted.has(index)) return;
    this.#interrupted.add(index);
    const pids = [...this.#alive].flatMap(([pid, owner]) => (owner === index ? [pid] : []));
    if (pids.length > 0) this.#endTrees(pids, index);
  }

  /** A child that the main thread waits for in a system call is signalled by the interrupter first. */
  waitedFor(pid: number, index: number): void {
    this.#endTrees([pid], index);
  }

  forget(index: number): void {
    this.#interrupted.delete(index);
  }

  #endTrees(pids: readonly number[], index: number): void {
    const trees = pids.map((pid) => new ProcessTree(pid));
    for (const [delay, signal] of ESCALATION) {
      setTimeout(() => {
        for (const tree of trees) tree.signal(signal);
      }, delay);
    }
    const tell = (what: string): void => {
      const left = trees.flatMap((tree) => tree.survivors());
      const list = left.map(({ pid, command }) => `  ${pid} ${command}\n`).join("");
      if (left.length > 0) this.#tell(index, `Processes that the interrupted cell started ${what}:\n${list}`);
    };
    setTimeout(() => tell("go on: they get SIGTERM now, SIGKILL in 2 s"), TELL);
    setTimeout(() => tell("could not be ended"), TELL_LAST);
  }
}
