import { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { currentExecution } from "./execution.ts";
import type { Reporter } from "./reporter.ts";

/** Tells the worker which execution started which child process; the worker ends them at an interrupt. */
export class Children {
  readonly #reporter: Reporter;

  constructor(reporter: Reporter) {
    this.#reporter = reporter;
    subscribe("child_process", (message) => {
      const child = typeof message === "object" && message !== null && "process" in message ? message.process : null;
      if (!(child instanceof ChildProcess)) return;
      const index = currentExecution()?.index ?? 0;
      // The channel speaks before the process is there.
      process.nextTick(() => {
        const { pid } = child;
        if (pid === undefined) return;
        this.track(pid, index);
        child.once("exit", () => reporter.send({ type: "child", index, pid, alive: false }));
      });
    });
  }

  track(pid: number, index: number): void {
    this.#reporter.send({ type: "child", index, pid, alive: true });
  }
}
