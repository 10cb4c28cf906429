import { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { signalTree } from "../process-tree.ts";
import { currentExecution, type Execution } from "./execution.ts";
import type { Reporter } from "./reporter.ts";

/** Milliseconds after an interrupt at which a child that is still there gets the next signal. */
const ESCALATION: readonly [number, NodeJS.Signals][] = [
  [0, "SIGINT"],
  [1000, "SIGTERM"],
  [3000, "SIGKILL"],
];

/** Remembers which execution started which child process, so that an interrupt ends its children and no others. */
export class Children {
  readonly #reporter: Reporter;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
    subscribe("child_process", (message) => {
      const child = typeof message === "object" && message !== null && "process" in message ? message.process : null;
      if (!(child instanceof ChildProcess)) return;
      const execution = currentExecution();
      // The channel speaks before the process is there.
      process.nextTick(() => {
        const { pid } = child;
        if (pid === undefined) return;
        this.track(pid, execution);
        child.once("exit", () => this.#forget(pid, execution));
      });
    });
  }

  track(pid: number, execution: Execution | undefined): void {
    execution?.children.add(pid);
    this.#reporter.send({ type: "child", index: execution?.index ?? 0, pid, alive: true });
    if (execution?.interrupted) this.end(execution);
  }

  /** Ends the process trees that an interrupted execution left. */
  end(execution: Execution): void {
    for (const pid of execution.children) {
      for (const [after, signal] of ESCALATION) {
        setTimeout(() => {
          if (execution.children.has(pid)) signalTree(pid, signal);
        }, after).unref();
      }
    }
  }

  #forget(pid: number, execution: Execution | undefined): void {
    execution?.children.delete(pid);
    this.#reporter.send({ type: "child", index: execution?.index ?? 0, pid, alive: false });
  }
}
