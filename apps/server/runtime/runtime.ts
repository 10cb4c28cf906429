/** The server's kernels and terminals, which live in the keeper. One Runtime a server. */
import { mkdir, realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import { KeeperError } from "../keeper/error.ts";
import { defaultRuntimeDir, ensurePrivateFolder, socketPath } from "../keeper/folder.ts";
import type { Kernelspec } from "../keeper/protocol.ts";
import { allowedEnvironment, kernelEnvironment } from "./environment.ts";
import { RuntimeError } from "./error.ts";
import { type Asked, KeeperLink, type KeeperPush, type Welcome } from "./keeper-link.ts";
import { compileCacheOf, spawnKeeper } from "./keeper-process.ts";
import { type Kernel, type KernelHost, RemoteKernel } from "./kernel.ts";
import { findKernelspecs, kernelFolders, readyTimeoutOf, transportOf, typescriptKernelspec } from "./kernelspecs.ts";
import { SpareKernel } from "./spare-kernel.ts";
import { RemoteTerminals, type Terminals } from "./terminals.ts";

/** A keeper that has just been started must answer within this many milliseconds. */
const KEEPER_START_MS = 15_000;

/** Milliseconds between looks for its socket. */
const KEEPER_POLL_MS = 10;

export interface RuntimeOptions {
  /** The served folder. */
  root: string;
  /** Its `.opsbook` folder, where spools and the keeper's log lie. */
  stateDir: string;
  log: Logger;
  /** Folder for sockets and connection files; by default under XDG_RUNTIME_DIR or /tmp. */
  runtimeDir?: string;
  /** How long a keeper with nothing to hold waits for a server, in milliseconds; 60 s by default. */
  keeperIdleMs?: number;
  /** Keeps one TypeScript kernel ready for the next notebook, once one has been started; true by default. */
  prewarm?: boolean;
  /** Options of the TypeScript kernel's command line. */
  kernelOptions?: readonly string[];
  /** Variables that kernels and terminals see beside the usual ones. */
  allowEnv?: readonly string[];
  /** Stands for `process.env`. */
  environment?: Readonly<Record<string, string | undefined>>;
}

interface Place {
  root: string;
  stateDir: string;
  runtimeDir: string;
  idleMs: number;
  /** What kernels and terminals see of the server's environment. */
  env: Record<string, string>;
  kernelFolders: string[];
  prewarm: boolean;
  kernelOptions: readonly string[];
  log: Logger;
}

export class Runtime {
  /** Connects to the folder's keeper, which may hold kernels of a server before, or starts one. */
  static async start(options: RuntimeOptions): Promise<Runtime> {
    const environment = options.environment ?? process.env;
    const root = await realpath(options.root);
    await mkdir(options.stateDir, { recursive: true, mode: 0o700 });
    const runtime = new Runtime({
      root,
      stateDir: resolve(options.stateDir),
      runtimeDir: options.runtimeDir ?? defaultRuntimeDir(root, environment),
      idleMs: options.keeperIdleMs ?? 60_000,
      env: allowedEnvironment(environment, options.allowEnv),
      kernelFolders: kernelFolders(environment),
      prewarm: options.prewarm ?? true,
      kernelOptions: options.kernelOptions ?? [],
      log: options.log,
    });
    await runtime.#connect();
    return runtime;
  }

  readonly #place: Place;
  readonly #terminals: RemoteTerminals;
  readonly #kernels = new Map<string, RemoteKernel>();
  readonly #subscriptions = new Map<number, RemoteKernel>();
  readonly #host: KernelHost;
  readonly #spare: SpareKernel;
  #lastSubscription = 0;
  #link: KeeperLink | null = null;
  #connecting: Promise<KeeperLink> | null = null;
  #over: RuntimeError | null = null;

  private constructor(place: Place) {
    this.#place = place;
    const { env, log } = place;
    const link = () => this.#connect();
    const linkNow = () => this.#link;
    this.#terminals = new RemoteTerminals({
      ...{ link, linkNow, env },
      onListenerError: (error) => log.error({ err: error }, "a terminal's listener failed"),
    });
    this.#spare = new SpareKernel({
      linkNow,
      start: async (on, kernel, cwd) => {
        const frame = { kernel, label: "", cwd, firstKseq: 1, spare: true };
        await on.request(this.#startFrame(this.#ownKernelspec(), frame));
      },
      onProblem: (error) => log.warn({ err: error }, "no spare kernel could be started"),
    });
    this.#host = {
      ...{ link, linkNow },
      newSubscription: (kernel) => {
        this.#lastSubscription += 1;
        this.#subscriptions.set(this.#lastSubscription, kernel);
        return this.#lastSubscription;
      },
      dropSubscription: (sub) => this.#subscriptions.delete(sub),
      startInKeeper: (kernel, firstKseq) => this.#startInKeeper(kernel, firstKseq),
      forget: (kernel) => this.#kernels.delete(kernel.id),
      onListenerError: (error, kernel) => log.error({ err: error, kernel: kernel.id }, "a kernel's listener failed"),
    };
  }

  get terminals(): Terminals {
    return this.#terminals;
  }

  #ownKernelspec(): Kernelspec {
    return typescriptKernelspec(compileCacheOf(this.#place.stateDir), this.#place.kernelOptions);
  }

  async kernelspecs(): Promise<Kernelspec[]> {
    const own = this.#ownKernelspec();
    const found = await findKernelspecs(this.#place.kernelFolders, this.#place.log);
    return [own, ...found.filter(({ name }) => name !== own.name)];
  }

  /** Resolves when the process runs; the kernel's `ready` comes as an event. `cwd` is relative to the served folder. */
  async startKernel(options: { spec: string; cwd: string; label: string }): Promise<Kernel> {
    const specs = await this.kernelspecs();
    const spec = specs.find(({ name }) => name === options.spec);
    if (!spec) {
      const available = specs.map(({ name }) => name);
      throw new RuntimeError(
        "unknown-kernel",
        `There is no kernel named ${options.spec}. Available: ${available.join(", ")}.`,
        { available },
      );
    }
    const { label } = options;
    const cwd = resolve(this.#place.root, options.cwd);
    const own = spec === specs[0] && this.#place.prewarm;
    const spare = own ? this.#spare.take(cwd) : null;
    if (own) this.#spare.prepareLater(cwd);
    const adopted = spare ? await this.#adoptSpare(this.#newKernel(spec, { id: spare, label, cwd })) : null;
    if (adopted) return adopted;
    const kernel = this.#newKernel(spec, { id: crypto.randomUUID(), label, cwd });
    await this.#startInKeeper(kernel, 1);
    return kernel;
  }

  kernel(id: string): Kernel | undefined {
    return this.#kernels.get(id);
  }

  kernels(): Kernel[] {
    return [...this.#kernels.values()];
  }

  /** With `keepAlive` all goes on without a server; else kernels, terminals and the keeper end first. */
  async close(options: { keepAlive: boolean }): Promise<void> {
    const link = this.#link ?? (await this.#connecting?.catch(() => null)) ?? null;
    this.#over = new RuntimeError("closed", "The server is shutting down.");
    this.#spare.stop();
    if (link && !options.keepAlive) {
      try {
        await link.request({ type: "shutdown" });
        await link.closed;
      } catch (error) {
        if (!(error instanceof RuntimeError && error.code === "keeper-lost")) throw error;
      }
    }
    link?.close();
    await link?.closed;
    this.#link = null;
  }

  async #startInKeeper(kernel: RemoteKernel, firstKseq: number): Promise<void> {
    const { id, label, cwd, spec } = kernel;
    const link = await this.#connect();
    this.#kernels.set(id, kernel);
    try {
      await link.request(this.#startFrame(spec, { kernel: id, label, cwd, firstKseq, spare: false }));
    } catch (error) {
      if (firstKseq === 1) this.#kernels.delete(id);
      throw error;
    }
    kernel.attached(link, { state: kernel.state, lastKseq: firstKseq - 1, silence: null });
  }

  #newKernel(spec: Kernelspec, info: { id: string; label: string; cwd: string }): RemoteKernel {
    return new RemoteKernel(this.#host, { ...info, spec, state: "starting", lastKseq: 0, silence: null });
  }

  #startFrame(
    spec: Kernelspec,
    rest: { kernel: string; label: string; cwd: string; firstKseq: number; spare: boolean },
  ): Extract<Asked, { type: "kernel-start" }> {
    return {
      type: "kernel-start",
      ...{ spec, ...rest },
      env: kernelEnvironment(this.#place.env, spec.env),
      transport: transportOf(spec),
      readyTimeoutMs: readyTimeoutOf(spec),
    };
  }

  /** Null when it has ended while it waited. */
  async #adoptSpare(kernel: RemoteKernel): Promise<Kernel | null> {
    const { id, label } = kernel;
    const link = await this.#connect();
    this.#kernels.set(id, kernel);
    try {
      await link.request({ type: "kernel-adopt", kernel: id, label });
    } catch (error) {
      this.#place.log.warn({ err: error }, "the spare kernel could not be used");
      this.#kernels.delete(id);
      return null;
    }
    kernel.attached(link, { state: kernel.state, lastKseq: 0, silence: null });
    return kernel;
  }

  #connect(): Promise<KeeperLink> {
    if (this.#over) return Promise.reject(this.#over);
    if (this.#link) return Promise.resolve(this.#link);
    this.#connecting ??= this.#reach(true).finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #reach(startOne: boolean): Promise<KeeperLink> {
    const { runtimeDir, log } = this.#place;
    try {
      ensurePrivateFolder(runtimeDir);
    } catch (error) {
      const code = error instanceof KeeperError && error.code === "unsafe-folder" ? "unsafe-folder" : "keeper-failed";
      throw new RuntimeError(code, error instanceof Error ? error.message : String(error), { cause: error });
    }
    const handlers = {
      onPush: (push: KeeperPush, payload: Buffer) => this.#onPush(push, payload),
      onLost: (why: "replaced" | "lost") => void this.#onLost(why),
      onProblem: (error: unknown) => log.error({ err: error }, "the keeper sent what cannot be read"),
    };
    const attempt = () => KeeperLink.connect(socketPath(runtimeDir), handlers);
    const reached = await attempt().catch((error: unknown) => {
      if (startOne && error instanceof RuntimeError && error.code === "keeper-failed")
        return this.#startKeeper(attempt);
      throw error;
    });
    if (this.#over) {
      reached.link.close();
      throw this.#over;
    }
    this.#link = reached.link;
    this.#adopt(reached.link, reached.welcome);
    return reached.link;
  }

  async #startKeeper(
    attempt: () => Promise<{ link: KeeperLink; welcome: Welcome }>,
  ): Promise<{ link: KeeperLink; welcome: Welcome }> {
    let keeper = await spawnKeeper(this.#place);
    this.#place.log.info({ pid: keeper.pid }, "keeper started");
    const deadline = performance.now() + KEEPER_START_MS;
    for (;;) {
      try {
        const reached = await attempt();
        if (reached.welcome.pid !== keeper.pid) keeper.abandon();
        return reached;
      } catch (error) {
        if (!(error instanceof RuntimeError && error.code === "keeper-failed")) throw error;
        const ended = keeper.ended();
        if ((ended !== undefined && ended !== 0) || performance.now() > deadline) {
          const state = ended === undefined ? "does not answer" : `ended (${ended})`;
          throw new RuntimeError("keeper-failed", `The keeper ${state}. Its log ends:\n${keeper.lastWords()}`);
        }
        // It gave way to another one, which has ended since.
        if (ended === 0) keeper = await spawnKeeper(this.#place);
        await delay(KEEPER_POLL_MS);
      }
    }
  }

  #adopt(link: KeeperLink, welcome: Welcome): void {
    const alive = new Set<string>();
    for (const info of welcome.kernels) {
      alive.add(info.id);
      const known = this.#kernels.get(info.id);
      if (known) known.attached(link, info);
      else this.#kernels.set(info.id, new RemoteKernel(this.#host, info));
    }
    for (const kernel of this.#kernels.values()) if (!alive.has(kernel.id)) kernel.lose(KEEPER_ENDED);
    this.#terminals.attached(link, welcome.terminals);
  }

  #onPush(push: KeeperPush, payload: Buffer): void {
    switch (push.type) {
      case "kernel-state":
        this.#kernels.get(push.kernel.id)?.changed(push.kernel);
        return;
      case "kernel-gone":
        this.#kernels.delete(push.kernel);
        return;
      case "kernel-events":
        this.#subscriptions.get(push.sub)?.received(push.sub, payload);
        return;
      case "terminal-state":
        this.#terminals.changed(push.terminal);
        return;
      case "terminal-gone":
        this.#terminals.gone(push.name);
        return;
      case "terminal-data":
        this.#terminals.data(push.attach, push.offset, payload);
        return;
      case "terminal-exited":
        this.#terminals.exited(push.attach, push.code, push.signal);
        return;
      default:
        push satisfies never;
    }
  }

  async #onLost(why: "replaced" | "lost"): Promise<void> {
    this.#link = null;
    if (this.#over) return;
    if (why === "replaced") {
      this.#place.log.error("another server has taken charge of this folder's kernels");
      this.#over = new RuntimeError("replaced", "Another server has taken charge of the kernels of this folder.");
      return;
    }
    try {
      // The keeper may live and only the connection be broken; a new keeper is started only when one is needed.
      this.#connecting ??= this.#reach(false).finally(() => {
        this.#connecting = null;
      });
      await this.#connecting;
    } catch {
      this.#place.log.error("the keeper process ended");
      for (const kernel of this.#kernels.values()) kernel.lose(KEEPER_ENDED);
      this.#terminals.lose();
    }
  }
}

const KEEPER_ENDED = "the keeper process ended";
