import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import type { Socket } from "node:net";

/** A server in the foreground, with what it says kept for the error message. */
export interface Daemon extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly log: () => string;
  /** @throws Error with the log when the server has ended. */
  readonly alive: () => void;
}

/** `folder` is the server's own; it goes with it when the process that started it dies. */
export function startDaemon(program: string, args: readonly string[], folder: string): Daemon {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let failure: Error | undefined;
  child.on("error", (error) => {
    failure = error;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-20_000);
    });
  }
  // A test process that dies of an error must not leave its servers behind.
  const onExit = () => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", onExit);
  child.once("exit", () => process.removeListener("exit", onExit));
  // Nor may a server keep it alive when nobody came to stop it.
  child.unref();
  for (const stream of [child.stdout, child.stderr]) (stream as Socket).unref();
  const gone = () => failure !== undefined || child.exitCode !== null || child.signalCode !== null;
  return {
    process: child,
    log: () => said,
    alive: () => {
      if (gone()) throw new Error(`${program} ended with ${child.exitCode ?? child.signalCode ?? failure}:\n${said}`);
    },
    async [Symbol.asyncDispose]() {
      if (gone()) return;
      child.ref();
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
      await exited;
      clearTimeout(timer);
    },
  };
}
