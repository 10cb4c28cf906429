/** A kernel as the server knows it: one id and one sequence of events over all its processes. */
import type { Message } from "@opsbook/jupyter";
import { KeeperError } from "./error.ts";
import { KernelProcess } from "./kernel-process.ts";
import type { KernelInfo, KernelState, Kernelspec } from "./protocol.ts";
import { encodeRecord } from "./records.ts";
import { Spool } from "./spool.ts";

/** Milliseconds a kernel has to end after shutdown_request, and again after SIGTERM. */
const SHUTDOWN_GRACE_MS = 2500;
const TERM_GRACE_MS = 2000;

/** Milliseconds until an unanswered interrupt_request is given up. */
const INTERRUPT_TIMEOUT_MS = 5000;

export interface KernelOptions {
  id: string;
  label: string;
  cwd: string;
  spec: Kernelspec;
  env: Record<string, string>;
  transport: "ipc" | "tcp";
  readyTimeoutMs: number;
  firstKseq: number;
  /** Path that connection files and ipc sockets of all its processes begin with. */
  prefix: string;
  spoolFolder: string;
  spare: boolean;
}

export interface KernelWatcher {
  onState(): void;
  onProblem(error: unknown, what: string): void;
}

export class KeptKernel {
  readonly spool: Spool;
  readonly #options: KernelOptions;
  readonly #watcher: KernelWatcher;
  readonly #requests = new Map<string, (reply: Message) => void>();
  #label: string;
  #spare: boolean;
  #process: KernelProcess | null = null;
  #processes = 0;
  #state: KernelState = "starting";
  /** Why it does not answer though it runs. */
  #silence: string | null = null;
  /** Set while a restart or a shutdown runs: the end of the process is then no accident. */
  #ending = false;
  #shutDown = false;
  #lifecycle: Promise<void> = Promise.resolve();

  constructor(options: KernelOptions, watcher: KernelWatcher) {
    this.#options = options;
    this.#watcher = watcher;
    this.#label = options.label;
    this.#spare = options.spare;
    this.spool = new Spool({
      folder: options.spoolFolder,
      firstKseq: options.firstKseq,
      onError: (error) => watcher.onProblem(error, "The spool takes no more, output stays in memory"),
    });
  }

  get info(): KernelInfo {
    const { id, cwd, spec } = this.#options;
    const { pid, spool } = this;
    const silence = this.#silence;
    return { id, label: this.#label, cwd, spec, state: this.#state, pid, lastKseq: spool.last, silence };
  }

  get pid(): number | null {
    return this.#process?.alive ? this.#process.pid : null;
  }

  /** Whether it was shut down for good; it stays only until its last events are safe. */
  get shutDown(): boolean {
    return this.#shutDown;
  }

  /** Started ahead of need, and nobody's yet. */
  get spare(): boolean {
    return this.#spare;
  }

  adopt(label: string): void {
    this.#running();
    this.#label = label;
    this.#spare = false;
    this.#watcher.onState();
  }

  start(): Promise<void> {
    return this.#serially(() => this.#start());
  }

  restart(): Promise<void> {
    return this.#serially(async () => {
      if (this.#shutDown) throw new KeeperError("kernel-dead", "The kernel was shut down.");
      await this.#end(true);
      await this.#start();
    });
  }

  shutdown(): Promise<void> {
    return this.#serially(async () => {
      this.#shutDown = true;
      await this.#end(false);
    });
  }

  async interrupt(): Promise<void> {
    const running = this.#running();
    if (this.#options.spec.interruptMode === "signal") {
      running.signal("SIGINT");
      return;
    }
    await this.request("control", running.client.message("interrupt_request", {}), INTERRUPT_TIMEOUT_MS);
  }

  /** Hands a message to the kernel; one that is still starting gets it as soon as nothing of its answer can be lost. */
  async send(channel: "shell" | "control" | "stdin", message: Message): Promise<void> {
    const running = this.#running();
    await running.ready;
    await running.client.send(channel, message);
  }

  /** Sends and waits for the reply, which goes to the caller alone and not into the sequence of events. */
  async request(channel: "shell" | "control", message: Message, timeoutMs: number): Promise<Message> {
    const id = message.header.msg_id;
    const running = this.#running();
    const { promise, resolve, reject } = Promise.withResolvers<Message>();
    const timer = setTimeout(() => {
      reject(new KeeperError("timeout", `The kernel did not answer ${message.header.msg_type} in ${timeoutMs} ms.`));
    }, timeoutMs);
    this.#requests.set(id, resolve);
    void running.ended.then(() => reject(new KeeperError("kernel-dead", "The kernel ended before it answered.")));
    try {
      await this.send(channel, message);
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#requests.delete(id);
      // Nobody waits any more when sending failed; its rejection must not become an unhandled one.
      promise.catch(() => {});
    }
  }

  /** Forgets everything about it; its process has ended by now. */
  destroy(): void {
    this.spool.destroy();
  }

  async #start(): Promise<void> {
    const { spec, cwd, env, transport, readyTimeoutMs, prefix } = this.#options;
    this.#processes += 1;
    this.#state = "starting";
    try {
      this.#process = await KernelProcess.start(
        { spec, cwd, env, transport, readyTimeoutMs, prefix: `${prefix}.${this.#processes}` },
        {
          onMessage: (channel, message) => {
            const asked = channel === "iopub" ? undefined : this.#requests.get(message.parent_header.msg_id ?? "");
            if (asked) asked(message);
            else this.spool.append((kseq) => encodeRecord({ type: "message", kseq, channel, message }));
          },
          onReady: () => {
            this.spool.append((kseq) => encodeRecord({ type: "ready", kseq }));
            this.#setState("ready");
          },
          onSilence: (cause) => {
            this.#silence = cause;
            this.#watcher.onState();
          },
          onExit: (exit) => {
            const expected = this.#ending;
            const cause = expected ? `${this.#shutDown ? "shut down" : "restarted"} as asked` : exit.cause;
            this.spool.append((kseq) => encodeRecord({ type: "exited", kseq, ...exit, cause, expected }));
            this.#silence = null;
            this.#setState("dead");
          },
          onProblem: (error, what) => this.#watcher.onProblem(error, what),
        },
      );
    } catch (error) {
      this.#setState("dead");
      throw error;
    }
    this.#watcher.onState();
  }

  /** shutdown_request, then SIGTERM, then SIGKILL; last of all whatever is left of its process group. */
  async #end(restart: boolean): Promise<void> {
    const running = this.#process;
    if (!running?.alive) return;
    this.#ending = true;
    const ask = running.client.message("shutdown_request", { restart });
    // Its reply concerns nobody else.
    this.#requests.set(ask.header.msg_id, () => {});
    try {
      running.client.send("control", ask).catch(() => {});
      // One that stands still hears neither the request nor SIGTERM.
      if (this.#silence !== null) running.signal("SIGKILL");
      else if (!(await endsWithin(running, SHUTDOWN_GRACE_MS))) {
        running.signal("SIGTERM");
        if (!(await endsWithin(running, TERM_GRACE_MS))) running.signal("SIGKILL");
      }
      await running.ended;
      running.signal("SIGKILL");
    } finally {
      this.#ending = false;
      this.#requests.delete(ask.header.msg_id);
    }
  }

  #running(): KernelProcess {
    if (!this.#process?.alive) throw new KeeperError("kernel-dead", "The kernel is not running.");
    return this.#process;
  }

  #setState(state: KernelState): void {
    this.#state = state;
    this.#watcher.onState();
  }

  /** Restarts and shutdowns that come together happen one after the other. */
  #serially(work: () => Promise<void>): Promise<void> {
    const done = this.#lifecycle.then(work);
    this.#lifecycle = done.catch(() => {});
    return done;
  }
}

async function endsWithin(running: KernelProcess, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([running.ended.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
