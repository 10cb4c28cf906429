/** One process of a kernel from its spawn to its end, with its ZeroMQ sockets. A restart makes another. */
import { type ChildProcess, spawn } from "node:child_process";
import { statSync } from "node:fs";
import { type Channel, KernelClient, type Message } from "@opsbook/jupyter";
import { createConnection, removeConnection } from "./connection-file.ts";
import { KeeperError } from "./error.ts";
import { describeExit } from "./exit-cause.ts";
import { oomCounter, stateOf } from "./process-table.ts";
import type { Kernelspec } from "./protocol.ts";
import { Tail } from "./tail.ts";

/** Milliseconds given to the last words on standard error once the process has ended. */
const STDERR_GRACE_MS = 150;

/** After the end, its messages still on their way count as arrived when none came for this many milliseconds. */
const QUIET_MS = 30;

/** The end is told after at most this many milliseconds more, even if messages still come. */
const DRAIN_MS = 600;

/** Milliseconds between heartbeats, and until one counts as unanswered. */
const BEAT_MS = 1000;

/** A process that is not stopped and silent for this many milliseconds is told as such: a busy machine is slow, too. */
const SILENCE_MS = 8000;

/** Messages that arrive after the end was told are taken for at most this many milliseconds. */
const LATE_MS = 10_000;

export interface ProcessOptions {
  spec: Kernelspec;
  cwd: string;
  env: Record<string, string>;
  transport: "ipc" | "tcp";
  /** Path that the connection file and ipc sockets begin with. */
  prefix: string;
  readyTimeoutMs: number;
}

export interface ProcessHandlers {
  onMessage(channel: Exclude<Channel, "hb">, message: Message): void;
  onReady(): void;
  /** Why it does not answer; null when it does again. Running user code is no reason. */
  onSilence(cause: string | null): void;
  onExit(exit: { code: number | null; signal: string | null; cause: string; stderr: string }): void;
  onProblem(error: unknown, what: string): void;
}

export class KernelProcess {
  static async start(options: ProcessOptions, handlers: ProcessHandlers): Promise<KernelProcess> {
    if (!statSync(options.cwd, { throwIfNoEntry: false })?.isDirectory()) {
      throw new KeeperError("spawn-failed", `The kernel's folder ${options.cwd} does not exist.`);
    }
    const { info, file } = await createConnection(options.prefix, options.transport, options.spec.name);
    try {
      const child = await spawnKernel(options, file);
      const client = await KernelClient.connect(info, {
        onMessage: (channel, message) => handlers.onMessage(channel === "hb" ? "control" : channel, message),
        onError: (error) => handlers.onProblem(error, "A message of the kernel could not be read"),
      });
      return new KernelProcess({ child, client, options, handlers });
    } catch (error) {
      removeConnection(options.prefix);
      throw error;
    }
  }

  readonly client: KernelClient;
  readonly pid: number;
  /** Resolves when the process has ended and its end has been told. */
  readonly ended: Promise<void>;
  readonly ready: Promise<void>;
  readonly #options: ProcessOptions;
  readonly #handlers: ProcessHandlers;
  readonly #tail = new Tail();
  readonly #starting = new AbortController();
  #countOom: (() => number) | null = null;
  #oomBefore = 0;
  #cause: string | null = null;
  #lastMessage = 0;
  #silence: string | null = null;
  #alive = true;

  private constructor(parts: {
    child: ChildProcess;
    client: KernelClient;
    options: ProcessOptions;
    handlers: ProcessHandlers;
  }) {
    const { child, client, options, handlers } = parts;
    this.client = client;
    this.pid = child.pid ?? 0;
    this.#options = options;
    // Knowing when the last message came is what tells the end of the output of a process that is gone.
    const onMessage = handlers.onMessage;
    this.#handlers = handlers;
    handlers.onMessage = (channel, message) => {
      this.#lastMessage = performance.now();
      onMessage(channel, message);
    };
    this.#sampleOom();
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8");
      stream?.on("data", (chunk: string) => this.#tail.push(chunk));
      stream?.on("error", () => {});
    }
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        this.#finish({ code, signal, closed }).then(resolve, (error) => {
          handlers.onProblem(error, "Telling the end of a kernel failed");
          resolve();
        });
      });
    });
    this.ready = this.#waitReady();
    this.ready.catch(() => {});
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Signals the kernel and what it started in its own process group. */
  signal(name: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, name);
    } catch {
      // The group is empty: nothing is left to be told.
    }
  }

  async #waitReady(): Promise<void> {
    try {
      await this.client.waitReady({ timeout: this.#options.readyTimeoutMs, signal: this.#starting.signal });
    } catch (cause) {
      if (this.#alive) {
        const seconds = this.#options.readyTimeoutMs / 1000;
        this.#cause = `never became ready: no answer within ${seconds} s of its start, so it was killed`;
        this.signal("SIGKILL");
      }
      throw new KeeperError("kernel-dead", "The kernel ended before it was ready.", { cause });
    }
    // A wrapper may have moved the process to a cgroup of its own by now.
    this.#sampleOom();
    this.#handlers.onReady();
    void this.#watchHeart();
  }

  /** Jupyter's heartbeat: echoed beside the user's code, so silence means that the process itself stands still. */
  async #watchHeart(): Promise<void> {
    let answered = performance.now();
    while (this.#alive) {
      const echoed = await this.client.heartbeat(BEAT_MS);
      if (!this.#alive) return;
      if (echoed) answered = performance.now();
      const silent = performance.now() - answered;
      if (echoed) this.#setSilence(null);
      else if (stateOf(this.pid) === "T") this.#setSilence("its process is stopped, by SIGSTOP or a debugger");
      else if (silent > SILENCE_MS) this.#setSilence(`it gave no heartbeat for ${Math.round(silent / 1000)} s`);
      await pause(BEAT_MS);
    }
  }

  #setSilence(cause: string | null): void {
    const told = this.#silence;
    this.#silence = cause;
    // How long it has been is no news.
    if ((told === null) !== (cause === null)) this.#handlers.onSilence(cause);
  }

  #sampleOom(): void {
    this.#countOom = oomCounter(this.pid);
    this.#oomBefore = this.#countOom?.() ?? 0;
  }

  async #finish(exit: { code: number | null; signal: string | null; closed: Promise<void> }): Promise<void> {
    this.#alive = false;
    const oomKilled = this.#countOom ? this.#countOom() > this.#oomBefore : null;
    this.#starting.abort();
    await Promise.all([Promise.race([exit.closed, pause(STDERR_GRACE_MS)]), this.#quiet(DRAIN_MS)]);
    const { code, signal } = exit;
    const stderr = this.#tail.toString();
    const cause = this.#cause ?? describeExit({ code, signal, stderr }, oomKilled);
    this.#handlers.onExit({ code, signal, cause, stderr });
    void this.#quiet(LATE_MS).then(() => {
      this.client.close();
      removeConnection(this.#options.prefix);
    });
  }

  async #quiet(atMost: number): Promise<void> {
    const began = performance.now();
    this.#lastMessage = began;
    while (performance.now() - this.#lastMessage < QUIET_MS && performance.now() - began < atMost)
      await pause(QUIET_MS / 3);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function spawnKernel(options: ProcessOptions, connectionFile: string): Promise<ChildProcess> {
  const { spec, cwd, env } = options;
  const [command = "", ...args] = spec.argv.map((arg) =>
    arg.replaceAll("{connection_file}", connectionFile).replaceAll("{resource_dir}", spec.resourceDir ?? ""),
  );
  // A group of its own: signals reach what the kernel started, and none meant for the keeper reach it.
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve(child));
    child.once("error", (cause) => {
      reject(new KeeperError("spawn-failed", `${command} could not be started: ${cause.message}`, { cause }));
    });
  });
}
