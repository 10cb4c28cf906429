import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { messageOf, systemCode } from "../core/errors.ts";
import { hostChannel } from "../core/host-channel.ts";
import { type ExitStatus, type RunningProcess, type SpawnSpec, StartFailure, type Transport } from "./transport.ts";

/**
 * Programs on this machine. Each leads a process group of its own, so that a time limit or an interrupt ends its
 * children as well, and a grandchild that holds the output open cannot keep the caller waiting.
 */
export const localTransport: Transport = { remote: false, spawn: spawnLocal };

function spawnLocal(spec: SpawnSpec): Promise<RunningProcess> {
  const [program, ...args] = spec.argv;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(startFailure(error, spec));
    try {
      const child = spawn(program, args, {
        cwd: spec.cwd,
        env: environment(spec.env),
        detached: true,
        stdio: [spec.feedsStdin ? "pipe" : "ignore", "pipe", "pipe"],
      });
      const exited = new Promise<ExitStatus>((settle) => {
        child.once("exit", (code, signal) => settle({ code, signal }));
      });
      child.once("error", fail);
      child.once("spawn", () => {
        const pid = child.pid;
        const { stdout, stderr } = child;
        if (pid === undefined || stdout === null || stderr === null) return fail(new Error("no process"));
        child.removeListener("error", fail);
        child.on("error", () => {});
        hostChannel()?.trackChild(pid);
        resolve({ stdin: child.stdin, stdout, stderr, exited, kill: (signal) => killGroup(pid, signal) });
      });
    } catch (error) {
      fail(error);
    }
  });
}

function environment(changes: SpawnSpec["env"]): NodeJS.ProcessEnv {
  if (changes.size === 0) return process.env;
  const merged = { ...process.env };
  for (const [name, value] of changes) {
    if (value === undefined) delete merged[name];
    else merged[name] = value;
  }
  return merged;
}

function killGroup(leader: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if (systemCode(error) !== "ESRCH" && systemCode(error) !== "EPERM") throw error;
  }
}

function startFailure(error: unknown, spec: SpawnSpec): StartFailure {
  const program = spec.argv[0];
  switch (systemCode(error)) {
    case "ENOENT":
    case "ENOTDIR":
      // Node reports a missing working folder as if the program were missing.
      return spec.cwd !== undefined && !existsSync(spec.cwd)
        ? new StartFailure("no-such-folder", `the working folder ${spec.cwd} does not exist`, error)
        : new StartFailure("not-found", `there is no program ${program}; is it installed and in PATH?`, error);
    case "EACCES":
      return new StartFailure("not-executable", `${program} may not be executed; look at its mode`, error);
    case "E2BIG":
      return new StartFailure("too-long", "the arguments are longer than the system takes; use .stdin()", error);
    default:
      return new StartFailure("transport", `${program} could not be started: ${messageOf(error)}`, error);
  }
}
