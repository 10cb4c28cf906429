import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import {
  type Channel,
  type ConnectionInfo,
  type ContentOf,
  connectionInfoSchema,
  type JsonObject,
  KernelClient,
  type KernelInfo,
  type Message,
  parseContent,
} from "@opsbook/jupyter";

const MAIN = join(import.meta.dirname, "../main.mjs");

/** Milliseconds after which a test that waits for something fails instead of waiting for ever. */
const PATIENCE = 60_000;

export interface Heard {
  channel: Channel;
  message: Message;
}

/** One run of one cell, as the wire told it. */
export interface Run {
  id: string;
  reply: ContentOf<"execute_reply">;
  stdout: string;
  stderr: string;
  result: JsonObject | null;
  errors: ContentOf<"error">[];
  displays: Message[];
}

export interface LiveOptions {
  transport?: "ipc" | "tcp";
  preloads?: readonly string[];
  /** Files to put into the notebook's folder. */
  files?: Record<string, string>;
  env?: Record<string, string>;
  /** More of the kernel's command line. */
  args?: readonly string[];
  /** False leaves the first connection to the test. */
  connect?: boolean;
  /** An existing folder to run in, which is left when the kernel ends. */
  folder?: string;
}

/** A real kernel process and a real client of it, for tests. */
export class LiveKernel implements AsyncDisposable {
  static async start(options: LiveOptions = {}): Promise<LiveKernel> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), "kernel-test-")));
    for (const [name, text] of Object.entries(options.files ?? {})) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    const info = connectionInfoSchema.parse({
      transport: options.transport ?? "ipc",
      key: "test key",
      ...(options.transport === "tcp" ? await tcpPorts() : ipcPorts(folder)),
    });
    const file = join(folder, "connection.json");
    await writeFile(file, JSON.stringify(info), { mode: 0o600 });
    const preloads = (options.preloads ?? []).flatMap((path) => ["--preload", resolve(folder, path)]);
    const child = spawn(
      process.execPath,
      ["--no-force-async-hooks-checks", MAIN, ...preloads, ...(options.args ?? []), file],
      {
        cwd: folder,
        env: {
          ...process.env,
          XDG_CONFIG_HOME: join(folder, "home/config"),
          XDG_DATA_HOME: join(folder, "home/data"),
          // One for all of them, and not that of the person who runs the tests.
          NODE_COMPILE_CACHE: join(tmpdir(), "opsbook-test-compiled"),
          ...options.env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const kernel = new LiveKernel({ folder, info, child, keep: options.folder !== undefined });
    if (options.connect !== false) await kernel.#connect();
    return kernel;
  }

  readonly folder: string;
  readonly info: ConnectionInfo;
  readonly child: ChildProcess;
  readonly heard: Heard[] = [];
  kernelInfo!: KernelInfo;
  client!: KernelClient;
  /** What the process wrote to its own streams. */
  log = "";
  readonly #keep: boolean;
  readonly #byCause = new Map<string, Heard[]>();
  #waiting: (() => void)[] = [];
  #exit: { code: number | null; signal: NodeJS.Signals | null } | null = null;

  private constructor(parts: { folder: string; info: ConnectionInfo; child: ChildProcess; keep: boolean }) {
    this.folder = parts.folder;
    this.#keep = parts.keep;
    this.info = parts.info;
    this.child = parts.child;
    for (const stream of [parts.child.stdout, parts.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.log += text;
        this.#wake();
      });
    }
    parts.child.on("exit", (code, signal) => {
      this.#exit = { code, signal };
      this.#wake();
    });
  }

  /** Resolves as soon as `find` finds something, now or after a message. Rejects when the process ends before. */
  async until<T>(find: () => T | undefined | null | false): Promise<T> {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const found = find();
      if (found !== undefined && found !== null && found !== false) return found;
      if (this.#exit) throw new Error(`The kernel ended (${this.#exit.code ?? this.#exit.signal}): ${this.log}`);
      if (Date.now() >= deadline) throw new Error(`What the test waits for did not come: ${this.log}`);
      await this.#news(deadline - Date.now());
    }
  }

  async exit(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    while (!this.#exit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#exit;
  }

  /** Sends an execution and answers its id. */
  async submit(code: string, options: JsonObject = {}): Promise<string> {
    const content = {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: true,
      stop_on_error: true,
    };
    const message = this.client.message("execute_request", { ...content, ...options });
    await this.client.send("shell", message);
    return message.header.msg_id;
  }

  async finished(id: string): Promise<Run> {
    await this.until(() => this.of(id).some(({ message }) => message.header.msg_type === "execute_reply"));
    await this.until(() => this.of(id, "status").some(({ content }) => content.execution_state === "idle"));
    return this.runOf(id);
  }

  async run(code: string, options: JsonObject = {}): Promise<Run> {
    return this.finished(await this.submit(code, options));
  }

  /** What has been heard of an execution so far. */
  runOf(id: string): Run {
    const reply = this.of(id).find(({ message }) => message.header.msg_type === "execute_reply");
    const text = (name: string): string =>
      this.of(id, "stream")
        .filter(({ content }) => content.name === name)
        .map(({ content }) => content.text)
        .join("");
    const result = this.of(id, "execute_result")[0];
    return {
      id,
      reply: parseContent("execute_reply", reply?.message.content ?? { status: "aborted" }),
      stdout: text("stdout"),
      stderr: text("stderr"),
      result: result ? parseContent("execute_result", result.content).data : null,
      errors: this.of(id, "error").map(({ content }) => parseContent("error", content)),
      displays: [...this.of(id, "display_data"), ...this.of(id, "update_display_data")],
    };
  }

  async request(type: string, content: JsonObject, channel: "shell" | "control" = "shell"): Promise<JsonObject> {
    const message = this.client.message(type, content);
    await this.client.send(channel, message);
    const reply = await this.until(() => this.of(message.header.msg_id).find((heard) => heard.channel === channel));
    return reply.message.content;
  }

  interrupt(): Promise<JsonObject> {
    return this.request("interrupt_request", {}, "control");
  }

  of(id: string): Heard[];
  of(id: string, type: string): Message[];
  of(id: string, type?: string): Heard[] | Message[] {
    const mine = this.#byCause.get(id) ?? [];
    return type === undefined
      ? mine
      : mine.filter(({ message }) => message.header.msg_type === type).map(({ message }) => message);
  }

  /** Forgets what was heard. */
  clear(): void {
    this.heard.length = 0;
    this.#byCause.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client?.close();
    if (!this.#exit) {
      this.child.kill("SIGKILL");
      await this.exit();
    }
    if (!this.#keep) await rm(this.folder, { recursive: true, force: true });
  }

  async #connect(): Promise<void> {
    this.client = await KernelClient.connect(this.info, {
      onMessage: (channel, message) => {
        const heard = { channel, message };
        this.heard.push(heard);
        const cause = message.parent_header.msg_id ?? "";
        const others = this.#byCause.get(cause);
        if (others) others.push(heard);
        else this.#byCause.set(cause, [heard]);
        this.#wake();
      },
      onError: (error) => {
        this.log += `${error.message}\n`;
      },
    });
    const died = once(this.child, "exit").then(() => {
      throw new Error(`The kernel did not start: ${this.log}`);
    });
    died.catch(() => {});
    this.kernelInfo = await Promise.race([this.client.waitReady({ timeout: 60_000 }), died]);
  }

  /** The next message, exit or line of the log, or the end of patience. */
  async #news(patience: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, patience);
    this.#waiting.push(resolve);
    await promise;
    clearTimeout(timer);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function ipcPorts(folder: string) {
  return { ip: join(folder, "k"), shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5 };
}

async function tcpPorts() {
  const servers = Array.from({ length: 5 }, () => createServer().listen(0, "127.0.0.1"));
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await Promise.all(
    servers.map(async (server) => {
      await once(server, "listening");
      const address = server.address();
      return typeof address === "object" && address ? address.port : 0;
    }),
  );
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return { ip: "127.0.0.1", shell_port, iopub_port, stdin_port, control_port, hb_port };
}
