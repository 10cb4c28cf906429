import { constants } from "node:os";
import { FLAG, LAST_WORDS } from "../link.ts";
import { STDERR, streamTag } from "../output/tag.ts";
import { currentExecution } from "./execution.ts";
import type { Reporter } from "./reporter.ts";

/** Signals that end a process which does not listen to them. */
const FATAL: ReadonlySet<unknown> = new Set<NodeJS.Signals>([
  "SIGHUP",
  "SIGQUIT",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGBUS",
  "SIGFPE",
  "SIGKILL",
  "SIGSEGV",
  "SIGUSR2",
  "SIGALRM",
  "SIGTERM",
  "SIGSYS",
  "SIGXCPU",
  "SIGXFSZ",
]);

/**
 * Milliseconds before a signal ends the process for ZeroMQ's own thread to write what its closed sockets hold; it cannot
 * say when it has. An exit needs none: it waits for that thread.
 */
const DELIVERY = 250;

/**
 * Whatever way the code of a cell ends the process, what there is to send is sent first, with the cause as the cell's
 * last line; then the worker closes its sockets, and only then the process ends. Answers how the kernel itself exits.
 */
export function installLastWords(reporter: Reporter, flags: Int32Array): (code: number) => void {
  // Every way out of Node ends in `reallyExit`, which its types do not name.
  const node = process as NodeJS.Process & { reallyExit(code: number): never };
  const end = node.reallyExit.bind(node);
  const abort = process.abort.bind(process);
  const kill = process.kill.bind(process);
  let leaving = false;
  const leave = (code: number, cause: string | null): void => {
    if (leaving) return;
    leaving = true;
    const execution = currentExecution();
    try {
      process.emit("exit", code);
    } finally {
      if (cause !== null) reporter.ring.write(streamTag(execution?.index ?? 0, STDERR), `${cause}: the kernel ends.\n`);
      reporter.send({ type: "exit", code });
      Atomics.wait(flags, FLAG.closed, 0, LAST_WORDS);
    }
  };
  const exit = (code?: number | string | null): never => {
    const status = Number(code ?? process.exitCode ?? 0) || 0;
    leave(status, currentExecution() ? `process.exit(${status}) was called` : null);
    return end(status);
  };
  process.exit = exit;
  node.reallyExit = exit;
  process.abort = () => {
    leave(134, "process.abort() was called");
    deliver();
    return abort();
  };
  process.kill = (pid, signal = "SIGTERM") => {
    const isEnd =
      pid === process.pid && FATAL.has(nameOf(signal)) && process.listenerCount(String(nameOf(signal))) === 0;
    if (isEnd) {
      leave(128, `This process was sent ${nameOf(signal)} by its own code`);
      deliver();
    }
    return kill(pid, signal);
  };
  return (code) => {
    leave(code, null);
    end(code);
  };
}

function deliver(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, DELIVERY);
}

function nameOf(signal: string | number): string | number {
  if (typeof signal === "string") return signal;
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? signal;
}
