import type { Client, SFTPWrapper } from "ssh2";
import { displaySymbol, type MimeBundle } from "../core/display.ts";
import type { Machine } from "../core/machine.ts";
import { NetError, type NetErrorCode } from "../net/error.ts";
import { createNet, type Net } from "../net/net.ts";
import { type Dial, formatAddress } from "../net/target.ts";
import { createProc, type Kill, type Proc, ProcError } from "../proc/proc.ts";
import { readFromShell } from "../proc/source.ts";
import { createSh, type Sh } from "../sh/sh.ts";
import { SshError } from "./error.ts";
import { createRemoteFiles, type RemoteFiles } from "./remote-files.ts";
import { createSftpFileSystem } from "./sftp-file-system.ts";
import { createSshTransport } from "./transport.ts";

/** A host that a connection is open to. Dispose it, best by `await using`. */
export class Host implements Machine, AsyncDisposable {
  /** `ops@web1`. */
  readonly name: string;
  /** Runs programs on the host; the same as the local `sh`. */
  readonly sh: Sh;
  /** Files of the host; the same as the local `files`, with `get` and `put`. */
  readonly files: RemoteFiles;
  /** Processes of the host; the same as the local `proc`. */
  readonly proc: Proc;
  /** Connections that start at the host; the same as the local `net`. */
  readonly net: Net;
  /** This connection and those it goes through, the innermost first. */
  readonly #clients: readonly [Client, ...Client[]];
  #sftp: Promise<SFTPWrapper> | undefined;
  #closed: Promise<void> | undefined;
  #ended = false;

  /** @internal */
  constructor(name: string, clients: readonly [Client, ...Client[]]) {
    this.name = name;
    this.#clients = clients;
    const client = clients[0];
    client.once("close", () => {
      this.#ended = true;
    });
    this.sh = createSh(createSshTransport(client));
    this.files = createRemoteFiles(
      createSftpFileSystem(() => this.#openSftp()),
      this.sh,
    );
    this.proc = createProc({
      files: this.files,
      read: readFromShell(this.sh),
      kill: (pid, signal, options) => this.#kill(pid, signal, options),
    });
    this.net = createNet((address) => this.#forward(address));
  }

  /** Whether the connection still stands. */
  get connected(): boolean {
    return !this.#ended;
  }

  /** Ends programs that still run over it from this side, and closes the connection and those it went through. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Host(${this.name}, ${this.connected ? "connected" : "closed"})`;
  }

  [displaySymbol](): MimeBundle {
    return { "text/plain": `${this.name}: ${this.connected ? "connected" : "closed"}` };
  }

  async #kill(...[pid, signal, options]: Parameters<Kill>): ReturnType<Kill> {
    const command = this.sh`kill -s ${signal} ${pid}`.nothrow();
    const { code, stderr } = await (options.signal === undefined ? command : command.signal(options.signal));
    if (code === 0) return;
    const reason = /no such process/i.test(stderr) ? "gone" : "permission";
    throw new ProcError(reason, `process ${pid} on ${this.name}: ${stderr.trim()}`);
  }

  #forward({ host, port }: Parameters<Dial>[0]): ReturnType<Dial> {
    return new Promise((resolve, reject) => {
      this.#clients[0].forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
        if (error === undefined) resolve(channel);
        else reject(forwardError(error, formatAddress({ host, port })));
      });
    });
  }

  async #close(): Promise<void> {
    for (const client of this.#clients) await endClient(client);
    this.#ended = true;
  }

  #openSftp(): Promise<SFTPWrapper> {
    this.#sftp ??= new Promise((resolve, reject) => {
      const fail = (cause: Error) => {
        this.#sftp = undefined;
        reject(new SshError("closed", this.name, { message: `no file transfer: ${cause.message}`, cause }));
      };
      if (this.#ended) return fail(new Error("the connection is closed"));
      this.#clients[0].sftp((error, sftp) => {
        if (error !== undefined) return fail(error);
        sftp.on("error", () => {});
        sftp.once("close", () => {
          this.#sftp = undefined;
        });
        resolve(sftp);
      });
    });
    return this.#sftp;
  }
}

/** What sshd says of a connection it could not make for us. */
const FORWARD_FAILURES: readonly (readonly [RegExp, NetErrorCode])[] = [
  [/refused/i, "refused"],
  [/not known|not resolve|no address/i, "unknown-host"],
  [/timed out/i, "timeout"],
  [/unreachable|no route/i, "unreachable"],
  [/prohibited|not allowed|denied/i, "permission"],
];

function forwardError(error: Error, address: string): NetError {
  const code = FORWARD_FAILURES.find(([pattern]) => pattern.test(error.message))?.[1] ?? "io";
  return new NetError(code, address, { message: `no connection from that host: ${error.message}`, cause: error });
}

/** A host that does not answer the goodbye must not hold the cell. */
const GOODBYE_MS = 2000;

function endClient(client: Client): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => client.destroy(), GOODBYE_MS);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    client.once("close", done);
    client.end();
    if (!isOpen(client)) done();
  });
}

function isOpen(client: Client): boolean {
  const socket: unknown = Reflect.get(client, "_sock");
  return typeof socket === "object" && socket !== null && Reflect.get(socket, "destroyed") !== true;
}
