/** The server's end of the keeper's socket: requests with answers, notices without, frames that come by themselves. */
import { createConnection, type Socket } from "node:net";
import { type Frame, FrameReader, writeFrame } from "../keeper/frames.ts";
import { KEEPER_PROTOCOL, type KeeperRequest, type KeeperResponse, responseSchema } from "../keeper/protocol.ts";
import { RuntimeError, type RuntimeErrorCode } from "./error.ts";

export type Welcome = KeeperResponse & { type: "welcome" };
export type KeeperAnswer = Omit<KeeperResponse & { type: "done" }, "type" | "req"> & { payload: Buffer };
export type KeeperPush = Exclude<KeeperResponse, { type: "welcome" | "refused" | "replaced" | "done" | "failed" }>;

type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;
export type Asked = Without<Extract<KeeperRequest, { req: number }>, "req">;
type Notice = Exclude<KeeperRequest, { req: number } | { type: "hello" }>;

export interface LinkHandlers {
  onPush(push: KeeperPush, payload: Buffer): void;
  /** `replaced`: another server is in charge. `lost`: the keeper went away. Not told after `close`. */
  onLost(why: "replaced" | "lost"): void;
  onProblem(error: unknown): void;
}

interface Waiting {
  resolve(answer: KeeperAnswer): void;
  reject(error: RuntimeError): void;
}

export class KeeperLink {
  /** Connects to a running keeper and takes charge of it; `keeper-failed` when there is none. */
  static async connect(path: string, handlers: LinkHandlers): Promise<{ link: KeeperLink; welcome: Welcome }> {
    const socket = createConnection(path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", (cause) => reject(new RuntimeError("keeper-failed", `No keeper at ${path}.`, { cause })));
    });
    const link = new KeeperLink(socket, handlers);
    return { link, welcome: await link.#welcome.promise };
  }

  readonly #socket: Socket;
  readonly #handlers: LinkHandlers;
  readonly #waiting = new Map<number, Waiting>();
  readonly #welcome = Promise.withResolvers<Welcome>();
  readonly #closed = Promise.withResolvers<void>();
  #lastRequest = 0;
  #inCharge = false;
  #state: "open" | "replaced" | "closed" = "open";

  private constructor(socket: Socket, handlers: LinkHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#welcome.promise.catch(() => {});
    const frames = new FrameReader((frame) => this.#take(frame));
    socket.on("data", (chunk: Buffer) => {
      try {
        frames.push(chunk);
      } catch (error) {
        handlers.onProblem(error);
        socket.destroy();
      }
    });
    socket.on("error", () => {});
    socket.once("close", () => this.#onClose());
    this.#write({ type: "hello", protocol: KEEPER_PROTOCOL, pid: process.pid }, []);
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  request(request: Asked, payload: readonly Buffer[] = []): Promise<KeeperAnswer> {
    if (this.#state !== "open" || !this.#socket.writable) return Promise.reject(this.#gone());
    this.#lastRequest += 1;
    const req = this.#lastRequest;
    const { promise, resolve, reject } = Promise.withResolvers<KeeperAnswer>();
    this.#waiting.set(req, { resolve, reject });
    this.#write({ ...request, req }, payload);
    return promise;
  }

  notify(notice: Notice, payload: readonly Buffer[] = []): void {
    if (this.#state === "open") this.#write(notice, payload);
  }

  close(): void {
    if (this.#state === "open") this.#state = "closed";
    this.#socket.end();
  }

  #write(header: object, payload: readonly Buffer[]): void {
    writeFrame(this.#socket, header, payload);
  }

  #take({ header, payload }: Frame): void {
    const response = responseSchema.parse(header);
    switch (response.type) {
      case "welcome":
        this.#inCharge = true;
        this.#welcome.resolve(response);
        return;
      case "refused":
        this.#welcome.reject(
          new RuntimeError(
            "protocol-mismatch",
            `${response.message} Kernels of the other version still run: end its process ${response.pid} to go on.`,
          ),
        );
        return;
      case "replaced":
        this.#state = "replaced";
        return;
      case "done": {
        const { req, terminal, parts } = response;
        this.#waiting.get(req)?.resolve({ terminal, parts, payload });
        this.#waiting.delete(req);
        return;
      }
      case "failed":
        this.#waiting.get(response.req)?.reject(new RuntimeError(toRuntimeCode(response.code), response.message));
        this.#waiting.delete(response.req);
        return;
      default:
        this.#handlers.onPush(response, payload);
    }
  }

  #onClose(): void {
    const state = this.#state;
    this.#welcome.reject(new RuntimeError("keeper-failed", "The keeper closed the connection."));
    for (const waiting of this.#waiting.values()) waiting.reject(this.#gone());
    this.#waiting.clear();
    this.#closed.resolve();
    if (this.#inCharge && state !== "closed") this.#handlers.onLost(state === "replaced" ? "replaced" : "lost");
  }

  #gone(): RuntimeError {
    switch (this.#state) {
      case "replaced":
        return new RuntimeError("replaced", "Another server has taken charge of the kernels of this folder.");
      case "closed":
        return new RuntimeError("closed", "The server is shutting down.");
      case "open":
        return new RuntimeError("keeper-lost", "The keeper process ended.");
    }
  }
}

function toRuntimeCode(code: (KeeperResponse & { type: "failed" })["code"]): RuntimeErrorCode {
  switch (code) {
    case "kernel-dead":
    case "spawn-failed":
    case "timeout":
    case "unknown-terminal":
    case "unsafe-folder":
    case "protocol-mismatch":
      return code;
    // Kernels are found before they are asked for, so one that the keeper does not know has ended there.
    case "unknown-kernel":
      return "kernel-dead";
    case "bad-frame":
    case "kernel-exists":
    case "path-too-long":
    case "internal":
      return "keeper-failed";
  }
}
