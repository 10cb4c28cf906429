import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newNotebook, parseNotebook, serializeNotebook } from "@opsbook/notebook";

const SERVER = join(import.meta.dirname, "../../../../../server/opsbook.mjs");

/** The product as `opsbook serve` starts it, on a folder of its own, to be killed and started again. */
export class OpsbookProcess implements AsyncDisposable {
  readonly root: string;
  readonly port: number;
  readonly token = "token-of-a-test-that-is-long-enough";
  readonly #home: string;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | null = null;

  private constructor(port: number, env: NodeJS.ProcessEnv) {
    this.#home = mkdtempSync(join(tmpdir(), "opsbook-live-"));
    this.root = join(this.#home, "notebooks");
    this.port = port;
    this.#env = env;
    mkdirSync(this.root);
    writeFileSync(join(this.#home, "token"), this.token, { mode: 0o600 });
  }

  static async start(env: NodeJS.ProcessEnv = {}): Promise<OpsbookProcess> {
    const server = new OpsbookProcess(await freePort(), env);
    writeFileSync(server.file(), serializeNotebook({ ...newNotebook(), cells: [] }));
    await server.serve();
    return server;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  file(name = "test.ipynb"): string {
    return join(this.root, name);
  }

  /** What the file holds; null where it cannot be read. */
  notebook(name = "test.ipynb") {
    const parsed = parseNotebook(readFileSync(this.file(name), "utf8"));
    return parsed.ok ? parsed.notebook : null;
  }

  /** Resolves when it listens. Rejects with what it printed where it ends instead. */
  async serve(): Promise<void> {
    const args = ["serve", this.root, "--port", String(this.port), "--token-file", join(this.#home, "token")];
    const child = spawn(process.execPath, [SERVER, ...args, "--set", "kernels.onStop=end"], {
      env: {
        ...process.env,
        XDG_STATE_HOME: join(this.#home, "state"),
        XDG_CONFIG_HOME: join(this.#home, "config"),
        ...this.#env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    let output = "";
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const read = (data: Buffer) => {
      output += data.toString();
      if (output.includes("/login")) resolve();
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("exit", (code) => reject(new Error(`opsbook serve ended with ${code}:\n${output}`)));
    await promise;
  }

  /** As a crash or the out-of-memory killer does. */
  kill(): Promise<void> {
    return this.#end("SIGKILL");
  }

  /** Opens the notebook; the id of its session. */
  async open(path = "test.ipynb"): Promise<string> {
    const { id } = (await this.json("POST", "/api/opsbook/sessions", { path })) as { id: string };
    return id;
  }

  async request(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method,
      headers: { Authorization: `token ${this.token}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  async json(method: string, path: string, body?: unknown): Promise<unknown> {
    return (await this.request(method, path, body)).json();
  }

  /** The files of the session's log, as a lost disk loses them. */
  deleteLogs(): void {
    const sessions = join(this.root, ".opsbook", "sessions");
    for (const id of readdirSync(sessions))
      for (const name of readdirSync(join(sessions, id))) if (name.startsWith("log-")) rmSync(join(sessions, id, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A killed server is started once more, so that it finds its kernels and ends them.
    if (this.#child?.exitCode !== null || this.#child.signalCode !== null) await this.serve();
    await this.#end("SIGTERM");
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
