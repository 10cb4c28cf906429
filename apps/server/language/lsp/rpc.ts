import type { Readable, Writable } from "node:stream";
import { z } from "zod";

const messageSchema = z.looseObject({
  id: z.union([z.number(), z.string()]).nullish(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.looseObject({ code: z.number(), message: z.string() }).optional(),
});

export class RpcError extends Error {
  override readonly name = "RpcError";
  /** `gone`: the other side ended. `aborted`: the caller gave up. `timeout`, `refused`: it did not answer, or no. */
  readonly code: "gone" | "aborted" | "timeout" | "refused";

  constructor(code: RpcError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: RpcError): void;
}

/** The other side's questions; the answer goes back. */
export type Answerer = (method: string, params: unknown) => unknown;

/** JSON-RPC 2.0 with the Language Server Protocol's `Content-Length` frames, over a child's stdin and stdout. */
export class Rpc {
  readonly #out: Writable;
  readonly #answer: Answerer;
  readonly #onBroken: (error: unknown) => void;
  readonly #waiting = new Map<number, Waiting>();
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Bytes needed before there is something to read. */
  #needed = 0;
  #lastId = 0;
  #ended = false;

  /** `onBroken`: what came could not be read, and nothing after it can be trusted. */
  constructor(streams: { input: Readable; out: Writable }, answer: Answerer, onBroken: (error: unknown) => void) {
    const { input, out } = streams;
    this.#out = out;
    this.#answer = answer;
    this.#onBroken = onBroken;
    input.on("data", (data: Buffer) => {
      try {
        this.#receive(data);
      } catch (error) {
        this.#onBroken(error);
      }
    });
    // Writing to a child that is gone: its exit is told elsewhere.
    out.on("error", () => {});
  }

  /** The result, unparsed. `timeout` in milliseconds. @throws RpcError */
  async request(method: string, params: unknown, options: { timeout: number; signal?: AbortSignal }): Promise<unknown> {
    if (this.#ended) throw new RpcError("gone", "The language server is not running.");
    const { timeout, signal } = options;
    signal?.throwIfAborted();
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    const giveUp = (error: RpcError) => {
      if (!this.#waiting.delete(id)) return;
      this.notify("$/cancelRequest", { id });
      reject(error);
    };
    const onAbort = () => giveUp(new RpcError("aborted", `${method} was given up.`));
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(
      () => giveUp(new RpcError("timeout", `${method} took longer than ${timeout} ms.`)),
      timeout,
    );
    this.#send({ id, method, params });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  notify(method: string, params: unknown): void {
    if (!this.#ended) this.#send({ method, params });
  }

  /** Nothing will be answered any more. */
  end(): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.values()) reject(new RpcError("gone", "The language server ended."));
    this.#waiting.clear();
  }

  #send(message: object): void {
    const body = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#out.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #receive(data: Buffer): void {
    this.#chunks.push(data);
    this.#bytes += data.length;
    if (this.#bytes < this.#needed) return;
    let buffer = Buffer.concat(this.#chunks);
    for (;;) {
      const head = buffer.indexOf("\r\n\r\n");
      const length =
        head < 0 ? null : Number(/content-length: *(\d+)/i.exec(buffer.toString("latin1", 0, head))?.[1] ?? 0);
      this.#needed = length === null ? 0 : head + 4 + length;
      if (length === null || buffer.length < this.#needed) break;
      this.#message(buffer.toString("utf8", head + 4, this.#needed));
      buffer = buffer.subarray(this.#needed);
    }
    this.#chunks = [buffer];
    this.#bytes = buffer.length;
  }

  #message(text: string): void {
    const { id, method, params, result, error } = messageSchema.parse(JSON.parse(text));
    if (method !== undefined) {
      if (id !== undefined && id !== null) this.#send({ id, result: this.#answer(method, params) ?? null });
      return;
    }
    const waiting = this.#waiting.get(Number(id));
    this.#waiting.delete(Number(id));
    if (error) waiting?.reject(new RpcError("refused", error.message));
    else waiting?.resolve(result);
  }
}
