import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { type FileCell, writeNotebook } from "./notebook-file.ts";

const ROOT = join(import.meta.dirname, "../..");
const SERVER = join(ROOT, "apps/server/opsbook.mjs");
const NODE = join(ROOT, "node_modules/.bin/node");

const serversSchema = z.array(z.looseObject({ root: z.string(), loginUrl: z.string().nullable() }));

/** The product as `opsbook serve` starts it, on a folder and with state of its own. */
export class Opsbook implements AsyncDisposable {
  /** The served folder. */
  readonly root: string;
  readonly port: number;
  readonly #home: string;
  #process: ChildProcess | null = null;
  #output = "";

  private constructor(home: string, port: number) {
    this.#home = home;
    this.root = join(home, "notebooks");
    this.port = port;
  }

  static async start(): Promise<Opsbook> {
    const home = mkdtempSync(join(tmpdir(), "opsbook-e2e-"));
    const server = new Opsbook(home, await freePort());
    mkdirSync(server.root);
    await server.serve();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when it listens. Rejects with what it printed where it ends instead. */
  async serve(): Promise<void> {
    this.#output = "";
    const args = ["serve", this.root, "--port", String(this.port), "--set", "kernels.onStop=end"];
    const child = spawn(NODE, [SERVER, ...args], { env: this.#env(), stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const read = (data: Buffer) => {
      this.#output += data.toString();
      if (this.#output.includes("/login")) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`opsbook serve ended with ${code}:\n${this.#output}`)));
    await promise;
  }

  /** Writes a notebook nobody ran yet into the served folder; answers with its path there. */
  add(path: string, cells: readonly FileCell[], kernel?: string): string {
    writeNotebook(this.file(path), cells, kernel);
    return path;
  }

  /** Where a served file is on disk. */
  file(path: string): string {
    return join(this.root, path);
  }

  read(path: string): Promise<string> {
    return readFile(this.file(path), "utf8");
  }

  /** A login URL that was not used yet. */
  async loginUrl(): Promise<string> {
    const { stdout } = await promisify(execFile)(NODE, [SERVER, "list", "--json"], { env: this.#env() });
    const url = serversSchema.parse(JSON.parse(stdout)).find(({ root }) => root === this.root)?.loginUrl;
    if (!url) throw new Error(`opsbook list knows no login URL of ${this.root}: ${stdout}`);
    return url;
  }

  /** As a crash or the out-of-memory killer does. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A killed server is started once more, so that it finds its kernels and ends them.
    if (this.#process?.exitCode !== null || this.#process.signalCode !== null) await this.serve();
    await this.#end("SIGTERM");
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  #env(): NodeJS.ProcessEnv {
    const state = { XDG_STATE_HOME: join(this.#home, "state"), XDG_CONFIG_HOME: join(this.#home, "config") };
    const data = { XDG_DATA_HOME: join(this.#home, "data") };
    return { ...process.env, ...state, ...data };
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
