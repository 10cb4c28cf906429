/** Holds the kernels and terminals of one served folder, whoever asks for them. Life cycle: README.md. */
import { statSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { KeeperError } from "./error.ts";
import { KeptKernel } from "./kernel.ts";
import { noteProcesses } from "./orphans.ts";
import type { KeeperRequest, KernelInfo, TerminalInfo } from "./protocol.ts";
import { ServerLink } from "./server-link.ts";
import { KeptTerminal } from "./terminal.ts";

/** What has ended stays this long for its last events and scrollback to be read, in milliseconds. */
const LINGER_MS = 60_000;

/** Whoever started the keeper has at least this long to connect, in milliseconds. */
const FIRST_SERVER_MS = 15_000;

/** Milliseconds a server has to take the last answer. */
const FAREWELL_MS = 2000;

/** A dead kernel whose events no server has fetched keeps the keeper alive this long at most, in milliseconds. */
const UNFETCHED_MS = 24 * 60 * 60_000;

export interface KeeperOptions {
  runtimeDir: string;
  /** Folder for spools, on a disk: the runtime folder often lies in memory. */
  spoolDir: string;
  /** Without a server and anything to hold it ends after this many milliseconds. */
  idleMs: number;
  log: (message: string) => void;
  /** Stops listening and removes what lies on disk: a keeper started from then on finds a clean place. */
  cleanUp: () => void;
  exit: () => void;
}

export class Keeper {
  readonly #options: KeeperOptions;
  readonly #kernels = new Map<string, KeptKernel>();
  readonly #terminals = new Map<string, KeptTerminal>();
  #server: ServerLink | null = null;
  #idleTimer: NodeJS.Timeout | null = null;
  #lastHeld = performance.now();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#watchIdle(Math.max(options.idleMs, FIRST_SERVER_MS));
  }

  accept(socket: Socket): void {
    new ServerLink(socket, this);
  }

  problem(error: unknown, what: string): void {
    this.#options.log(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }

  /** Only one server is in charge: the newest. */
  takeCharge(link: ServerLink): void {
    const before = this.#server;
    this.#server = link;
    if (before && before !== link) before.replace();
    this.#endSpares();
    if (this.#idleTimer) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
  }

  left(link: ServerLink): void {
    if (this.#server !== link) return;
    this.#server = null;
    this.#endSpares();
    this.#watchIdle();
  }

  listing(): { kernels: KernelInfo[]; terminals: TerminalInfo[] } {
    return {
      kernels: [...this.#kernels.values()].filter((kernel) => !kernel.spare).map((kernel) => kernel.info),
      terminals: [...this.#terminals.values()].map((terminal) => terminal.info),
    };
  }

  findKernel(id: string): KeptKernel | undefined {
    return this.#kernels.get(id);
  }

  kernel(id: string): KeptKernel {
    const kernel = this.#kernels.get(id);
    if (!kernel) throw new KeeperError("unknown-kernel", `There is no kernel ${id}.`);
    return kernel;
  }

  async startKernel(request: KeeperRequest & { type: "kernel-start" }): Promise<void> {
    const { kernel: id, label, cwd, spec, transport, readyTimeoutMs, firstKseq, spare } = request;
    if (this.#kernels.has(id)) throw new KeeperError("kernel-exists", `There is a kernel ${id} already.`);
    const short = id.replaceAll(/[^0-9a-zA-Z]/g, "").slice(0, 8);
    // Kernels that know of it end with their parent, so that none is left behind by a keeper that was killed.
    const env = { ...request.env, JPY_PARENT_PID: String(process.pid), OPSBOOK_PARENT_PID: String(process.pid) };
    const kernel: KeptKernel = new KeptKernel(
      {
        ...{ id, label, cwd, spec, env, transport, readyTimeoutMs, firstKseq, spare },
        prefix: join(this.#options.runtimeDir, `k${short}`),
        spoolFolder: join(this.#options.spoolDir, id.replaceAll(/[^0-9a-zA-Z-]/g, "_")),
      },
      { onState: () => this.#stateOf(id, kernel), onProblem: (error, what) => this.problem(error, what) },
    );
    this.#kernels.set(id, kernel);
    try {
      await kernel.start();
    } catch (error) {
      this.#remove(id, kernel);
      throw error;
    }
  }

  adoptKernel(id: string, label: string): void {
    const kernel = this.kernel(id);
    if (!kernel.spare) throw new KeeperError("unknown-kernel", `The kernel ${id} is in use.`);
    kernel.adopt(label);
  }

  async shutdownKernel(id: string): Promise<void> {
    const kernel = this.kernel(id);
    await kernel.shutdown();
    this.#settle(id, kernel);
    setTimeout(() => this.#remove(id, kernel), LINGER_MS).unref();
  }

  acknowledge(id: string, kseq: number): void {
    const kernel = this.#kernels.get(id);
    if (!kernel) return;
    kernel.spool.acknowledge(kseq);
    this.#settle(id, kernel);
  }

  findTerminal(name: string): KeptTerminal | undefined {
    return this.#terminals.get(name);
  }

  terminal(name: string): KeptTerminal {
    const terminal = this.#terminals.get(name);
    if (!terminal) throw new KeeperError("unknown-terminal", `There is no terminal ${name}.`);
    return terminal;
  }

  createTerminal(request: KeeperRequest & { type: "terminal-create" }): TerminalInfo {
    const { cwd, cols, rows, argv, env } = request;
    if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
      throw new KeeperError("spawn-failed", `The terminal's folder ${cwd} does not exist.`);
    }
    let number = 1;
    while (this.#terminals.has(String(number))) number += 1;
    const name = String(number);
    const onExit = () => {
      this.#server?.send({ type: "terminal-state", terminal: terminal.info });
      setTimeout(() => this.#removeTerminal(name, terminal), LINGER_MS).unref();
      this.#watchIdle();
    };
    const terminal: KeptTerminal = new KeptTerminal({ name, cwd, cols, rows, argv, env, onExit });
    this.#terminals.set(name, terminal);
    this.#server?.send({ type: "terminal-state", terminal: terminal.info });
    return terminal.info;
  }

  resizeTerminal(name: string, size: { cols: number; rows: number }): void {
    const terminal = this.#terminals.get(name);
    if (!terminal) return;
    terminal.resize(size.cols, size.rows);
    this.#server?.send({ type: "terminal-state", terminal: terminal.info });
  }

  /** Ends everything it holds, then itself. */
  async shutdown(): Promise<void> {
    for (const terminal of this.#terminals.values()) terminal.kill();
    await Promise.all([...this.#kernels.values()].map((kernel) => kernel.shutdown()));
    await Promise.all([...this.#terminals.values()].map((terminal) => terminal.ended));
    for (const kernel of this.#kernels.values()) kernel.destroy();
    this.#kernels.clear();
    this.#options.cleanUp();
    // The answer is written in this turn of the event loop; the end follows when it has left.
    setImmediate(() => {
      if (!this.#server) return this.#options.exit();
      // A server that stands still never closes its end.
      setTimeout(() => this.#options.exit(), FAREWELL_MS);
      this.#server.end(() => this.#options.exit());
    });
  }

  #stateOf(id: string, kernel: KeptKernel): void {
    if (this.#kernels.get(id) === kernel) this.#server?.send({ type: "kernel-state", kernel: kernel.info });
    const pids = [...this.#kernels.values()].map((one) => one.pid).filter((pid) => pid !== null);
    noteProcesses(this.#options.runtimeDir, pids);
    this.#watchIdle();
  }

  /** They were made with the environment of a server that is no longer in charge. */
  #endSpares(): void {
    for (const [id, kernel] of this.#kernels) {
      if (!kernel.spare) continue;
      kernel.shutdown().then(
        () => this.#remove(id, kernel),
        (error: unknown) => this.problem(error, "Ending a spare kernel failed"),
      );
    }
  }

  /** A kernel that was shut down goes once everything it said is safe. */
  #settle(id: string, kernel: KeptKernel): void {
    const { spool, shutDown, info } = kernel;
    if (shutDown && info.state === "dead" && spool.acknowledged >= spool.last) this.#remove(id, kernel);
  }

  #remove(id: string, kernel: KeptKernel): void {
    if (this.#kernels.get(id) !== kernel) return;
    this.#kernels.delete(id);
    kernel.destroy();
    this.#server?.send({ type: "kernel-gone", kernel: id });
    this.#watchIdle();
  }

  #removeTerminal(name: string, terminal: KeptTerminal): void {
    if (this.#terminals.get(name) !== terminal) return;
    // Without a server nobody could have seen its end yet.
    if (!this.#server) {
      setTimeout(() => this.#removeTerminal(name, terminal), LINGER_MS).unref();
      return;
    }
    this.#terminals.delete(name);
    this.#server.send({ type: "terminal-gone", name });
  }

  get #holds(): boolean {
    const kernels = [...this.#kernels.values()];
    const live = kernels.some((kernel) => kernel.info.state !== "dead");
    const shells = [...this.#terminals.values()].some((terminal) => !terminal.exited);
    if (live || shells) this.#lastHeld = performance.now();
    const unfetched = kernels.some((kernel) => kernel.spool.acknowledged < kernel.spool.last);
    return live || shells || (unfetched && performance.now() - this.#lastHeld < UNFETCHED_MS);
  }

  #watchIdle(idleMs = this.#options.idleMs): void {
    if (this.#idleTimer) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    if (this.#server) return;
    this.#idleTimer = setTimeout(() => {
      if (this.#holds) this.#watchIdle();
      else {
        this.#options.cleanUp();
        this.#options.exit();
      }
    }, idleMs);
  }
}
