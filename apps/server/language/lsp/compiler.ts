import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Logger } from "pino";
import { allowedEnvironment } from "../../runtime/environment.ts";
import { Rpc, RpcError } from "./rpc.ts";

/** Milliseconds for one answer, and for the first one, when libraries are read. */
const ANSWER_MS = 10_000;
const START_MS = 60_000;
/** Bytes of memory at which it begins to collect harder, and at which it is started anew. */
const SOFT_LIMIT = 768 * 1024 * 1024;
const HARD_LIMIT = 1536 * 1024 * 1024;
const WATCH_MS = 15_000;
/** Ends within this time count as failures; after so many in a row there is a pause. In milliseconds. */
const HEALTHY_MS = 30_000;
const MOST_FAILURES = 3;
const PAUSE_MS = 60_000;

export type CompilerState = { state: "stopped" | "starting" | "ready" } | { state: "unavailable"; message: string };

export interface CompilerOptions {
  /** Folder it is started in. */
  cwd: string;
  log: Logger;
  /** Told of each change; after a `starting` nothing of what it was told before is known to it. */
  onState(state: CompilerState): void;
  /** For tests. */
  memoryLimit?: number;
  watchMs?: number;
}

/** TypeScript's language server as one child process: started on demand, anew when it dies or grows too big. */
export class Compiler {
  readonly #options: CompilerOptions;
  #child: ChildProcess | null = null;
  #rpc: Rpc | null = null;
  #state: CompilerState = { state: "stopped" };
  #ready: Promise<Rpc> | null = null;
  #startedAt = 0;
  #failures = 0;
  #watch: NodeJS.Timeout | undefined;
  #generation = 0;

  constructor(options: CompilerOptions) {
    this.#options = options;
  }

  get state(): CompilerState {
    return this.#state;
  }

  /** Another number: another process, which knows no documents. */
  get generation(): number {
    return this.#generation;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when it can be asked. @throws RpcError `gone` where it cannot be started */
  async start(): Promise<void> {
    await this.#running();
  }

  /** @throws RpcError */
  async request(method: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    const rpc = await this.#running();
    return rpc.request(method, params, { timeout: ANSWER_MS, ...(signal ? { signal } : {}) });
  }

  /** Nothing where it does not run: what it has to know it is told when it starts. */
  notify(method: string, params: unknown): void {
    if (this.#state.state === "ready") this.#rpc?.notify(method, params);
  }

  stop(): void {
    const child = this.#child;
    this.#forget();
    this.#setState({ state: "stopped" });
    child?.stdin?.end();
    child?.kill("SIGTERM");
  }

  #running(): Promise<Rpc> {
    if (this.#state.state === "unavailable") return Promise.reject(new RpcError("gone", this.#state.message));
    this.#ready ??= this.#launch();
    return this.#ready;
  }

  async #launch(): Promise<Rpc> {
    this.#generation += 1;
    this.#startedAt = Date.now();
    this.#setState({ state: "starting" });
    let child: ChildProcess;
    try {
      child = spawn(compilerPath(), ["--lsp", "--stdio"], {
        cwd: this.#options.cwd,
        env: { ...allowedEnvironment(process.env), GOMEMLIMIT: String(SOFT_LIMIT) },
        stdio: ["pipe", "pipe", "ignore"],
      });
    } catch (error) {
      return this.#unavailable(error as Error);
    }
    const rpc = new Rpc({ input: child.stdout!, out: child.stdin! }, answer, (error) => {
      this.#options.log.error({ err: error }, "the language server said something unreadable");
      child.kill("SIGKILL");
    });
    this.#child = child;
    this.#rpc = rpc;
    child.once("error", (error) => this.#ended(child, error.message));
    child.once("exit", (code, signal) => this.#ended(child, signal ?? `exit code ${code}`));
    await rpc.request("initialize", INITIALIZE, { timeout: START_MS });
    rpc.notify("initialized", {});
    this.#watch = setInterval(() => this.#checkMemory(child), this.#options.watchMs ?? WATCH_MS).unref();
    this.#setState({ state: "ready" });
    return rpc;
  }

  #unavailable(error: Error): never {
    const message = `The TypeScript language service is not available: ${error.message}`;
    this.#options.log.error({ err: error }, "the language server cannot be started");
    this.#forget();
    this.#setState({ state: "unavailable", message });
    throw new RpcError("gone", message, { cause: error });
  }

  #ended(child: ChildProcess, cause: string): void {
    if (child !== this.#child) return;
    const healthy = Date.now() - this.#startedAt > HEALTHY_MS;
    this.#failures = healthy ? 1 : this.#failures + 1;
    this.#options.log.warn({ cause, failures: this.#failures }, "the language server ended");
    this.#forget();
    if (this.#failures < MOST_FAILURES) {
      this.#setState({ state: "stopped" });
      return;
    }
    const message = `The TypeScript language service ended ${this.#failures} times (${cause}); it is tried again in a minute.`;
    this.#setState({ state: "unavailable", message });
    setTimeout(() => {
      this.#failures = 0;
      if (this.#state.state === "unavailable") this.#setState({ state: "stopped" });
    }, PAUSE_MS).unref();
  }

  #forget(): void {
    clearInterval(this.#watch);
    this.#rpc?.end();
    this.#child = null;
    this.#rpc = null;
    this.#ready = null;
  }

  #checkMemory(child: ChildProcess): void {
    const bytes = residentBytes(child.pid);
    if (bytes <= (this.#options.memoryLimit ?? HARD_LIMIT)) return;
    this.#options.log.warn({ bytes }, "the language server grew too big and is started anew");
    this.#forget();
    child.kill("SIGKILL");
    this.#setState({ state: "stopped" });
  }

  #setState(state: CompilerState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}

/** @throws Error where this platform's compiler is not installed */
function compilerPath(): string {
  const require = createRequire(import.meta.url);
  const home = require.resolve("typescript/package.json");
  const platform = `@typescript/typescript-${process.platform}-${process.arch}/package.json`;
  const name = process.platform === "win32" ? "tsc.exe" : "tsc";
  const path = join(dirname(createRequire(home).resolve(platform)), "lib", name);
  if (!existsSync(path)) throw new Error(`${path} does not exist`);
  return path;
}

/** Memory in use; 0 where the system does not say. Source: proc_pid_statm(5), in pages of 4 KiB. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
  } catch {
    return 0;
  }
}

const MARKDOWN = ["markdown"];

const INITIALIZE = {
  processId: process.pid,
  rootUri: null,
  workspaceFolders: null,
  capabilities: {
    general: { positionEncodings: ["utf-16"] },
    workspace: { configuration: true },
    textDocument: {
      completion: { completionItem: { documentationFormat: MARKDOWN, snippetSupport: false } },
      hover: { contentFormat: MARKDOWN },
      signatureHelp: {
        signatureInformation: {
          documentationFormat: MARKDOWN,
          parameterInformation: { labelOffsetSupport: true },
          activeParameterSupport: true,
        },
      },
      diagnostic: {},
      rename: {},
    },
  },
};

/** Its settings: completions are of what the cell can see; a rename leaves keys of objects and names of files alone. */
const SETTINGS = { suggest: { autoImports: false }, preferences: { useAliasesForRenames: true } };

function answer(method: string, params: unknown): unknown {
  if (method !== "workspace/configuration") return null;
  const items = typeof params === "object" && params !== null && "items" in params ? params.items : [];
  return Array.isArray(items) ? items.map(() => SETTINGS) : [];
}
