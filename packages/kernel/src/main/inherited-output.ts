import childProcess, { ChildProcess, execFileSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { InheritOrder } from "../link.ts";
import type { RingWriter } from "../output/ring.ts";
import { STDERR, STDOUT, type Stream, streamTag } from "../output/tag.ts";
import { currentExecution } from "./execution.ts";

/** Milliseconds to wait for the last output of a child that ended; something it left behind may hold the pipe. */
const LAST_OUTPUT = 200;

type Stdio = unknown[];

/**
 * What child processes write to the streams they inherit belongs to the cell that started them. One that the cell
 * waits for in a system call writes to a named pipe that the worker reads, so that its output leaves meanwhile.
 */
export function captureInheritedOutput(ring: RingWriter, tellWorker: (order: InheritOrder) => void): void {
  captureAsynchronous(ring);
  for (const name of ["spawnSync", "execFileSync", "execSync"] as const) {
    const original = childProcess[name] as (...args: unknown[]) => unknown;
    const replaced = (...args: unknown[]): unknown => {
      const at = args.findIndex((arg, i) => i > 0 && typeof arg === "object" && arg !== null && !Array.isArray(arg));
      const options = at < 0 ? null : (args[at] as { stdio?: unknown });
      const stdio = options && asList(options.stdio);
      if (!stdio || inherited(stdio).length === 0) return original(...args);
      return withPipes(stdio, tellWorker, (piped) => original(...args.with(at, { ...options, stdio: piped })));
    };
    Object.assign(childProcess, { [name]: replaced });
  }
  syncBuiltinESMExports();
}

function captureAsynchronous(ring: RingWriter): void {
  // Every way to start a child without waiting for it ends in this method, which Node's types do not name.
  const prototype = ChildProcess.prototype as ChildProcess & { spawn(options: { stdio?: unknown }): unknown };
  const { spawn } = prototype;
  prototype.spawn = function (this: ChildProcess, options) {
    const stdio = asList(options.stdio);
    const taken = stdio ? inherited(stdio) : [];
    if (!stdio || taken.length === 0) return spawn.call(this, options);
    const index = currentExecution()?.index ?? 0;
    const piped = stdio.map((one, fd) => (taken.some((it) => it.fd === fd) ? "pipe" : one));
    const result = spawn.call(this, { ...options, stdio: piped });
    for (const { fd, stream } of taken) {
      // An inherited stream is none of the parent's: it has null there.
      const output = this.stdio?.[fd] as Readable | null | undefined;
      output?.on("data", (bytes: Uint8Array) => ring.writeBytes(streamTag(index, stream), bytes));
      if (this.stdio) Object.assign(this.stdio, { [fd]: null });
      if (fd === 1) this.stdout = null;
      if (fd === 2) this.stderr = null;
    }
    return result;
  };
}

function withPipes(stdio: Stdio, tellWorker: (order: InheritOrder) => void, run: (stdio: Stdio) => unknown): unknown {
  const folder = mkdtempSync(join(tmpdir(), "opsbook-pipes-"));
  const closed = new Int32Array(new SharedArrayBuffer(4));
  const opened: number[] = [];
  const index = currentExecution()?.index ?? 0;
  try {
    const piped = [...stdio];
    for (const { fd, stream } of inherited(stdio)) {
      const path = join(folder, String(fd));
      execFileSync("mkfifo", [path]);
      tellWorker({ type: "inherit", index, path, name: stream === STDERR ? "stderr" : "stdout", closed });
      // Waits until the worker has the other end.
      piped[fd] = openSync(path, "w");
      opened.push(Number(piped[fd]));
    }
    return run(piped);
  } finally {
    for (const fd of opened) closeSync(fd);
    for (let seen = Atomics.load(closed, 0); seen < opened.length; seen = Atomics.load(closed, 0)) {
      if (Atomics.wait(closed, 0, seen, LAST_OUTPUT) === "timed-out") break;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

function asList(stdio: unknown): Stdio | null {
  if (stdio === "inherit") return ["inherit", "inherit", "inherit"];
  return Array.isArray(stdio) ? stdio : null;
}

/** Which of a child's descriptors would be a stream of this process. */
function inherited(stdio: Stdio): { fd: number; stream: Stream }[] {
  return stdio.flatMap((one, fd): { fd: number; stream: Stream }[] => {
    if (one === 1 || one === process.stdout || (one === "inherit" && fd === 1)) return [{ fd, stream: STDOUT }];
    if (one === 2 || one === process.stderr || (one === "inherit" && fd === 2)) return [{ fd, stream: STDERR }];
    return [];
  });
}
