import type { Duplex } from "node:stream";
import { HexView } from "../bytes/index.ts";
import { displaySymbol, formatBytes, type MimeBundle } from "../core/display.ts";
import { type CallOptions, startCancellation, untilAborted } from "../core/options.ts";
import { Secret } from "../core/secret.ts";
import { NetError, toNetError } from "./error.ts";

export interface ReadLimit extends CallOptions {
  /** Most bytes, default 64 MiB. */
  readonly limit?: number;
}

const LIMIT = 64 * 1024 * 1024;
/** Of each direction, for the display. */
const TRANSCRIPT = 4096;

/**
 * A connection on which nothing is half done: a call sends or receives everything it is about, or fails. There is no
 * call for "whatever comes first", because one packet is not one message.
 */
export class Connection implements AsyncDisposable {
  /** `host:port`. */
  readonly address: string;
  readonly #stream: Duplex;
  #rest: Buffer = Buffer.alloc(0);
  #failure: NetError | undefined;
  #ended = false;
  #closed = false;
  #wake = Promise.withResolvers<void>();
  readonly #transcript = { sent: new Head(), received: new Head() };

  /** @internal Use `net.connect`. */
  constructor(address: string, stream: Duplex) {
    this.address = address;
    this.#stream = stream;
    const wake = () => {
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    };
    stream.on("readable", wake);
    stream.on("end", () => {
      this.#ended = true;
      wake();
    });
    stream.on("error", (error) => {
      this.#failure ??= toNetError(error, address);
      wake();
    });
    stream.on("close", () => {
      this.#ended = true;
      wake();
    });
  }

  /** Returns when everything has been handed to the system. @throws NetError when the peer is gone. */
  async sendAll(data: string | Uint8Array | Secret, options: CallOptions = {}): Promise<void> {
    const bytes =
      typeof data === "string" ? Buffer.from(data) : data instanceof Secret ? Buffer.from(data.reveal()) : data;
    this.#transcript.sent.push(data instanceof Secret ? Buffer.from(String(data)) : bytes);
    await this.#limited(options, async () => {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#closed) throw new NetError("closed", this.address, { message: "this connection has been closed" });
      await new Promise<void>((resolve, reject) => {
        this.#stream.once("close", () => reject(this.#failure ?? closed(this.address)));
        this.#stream.write(bytes, (error) => (error ? reject(toNetError(error, this.address)) : resolve()));
      });
    });
  }

  /** Tells the peer that nothing more will be sent; reading goes on. */
  endSending(): void {
    this.#stream.end();
  }

  /** Everything up to the peer's end. @throws NetError `too-long`, `reset`. */
  async readAll(options: ReadLimit = {}): Promise<Buffer> {
    return await this.#read(options, (buffer, ended) => (ended ? buffer.length : undefined));
  }

  /** Exactly `length` bytes. @throws NetError `closed` with what had come in `received`. */
  async readExactly(length: number, options: CallOptions = {}): Promise<Buffer> {
    const wanted = `${length} bytes`;
    return await this.#read({ ...options, limit: Math.max(length, LIMIT), wanted }, (buffer) =>
      buffer.length >= length ? length : undefined,
    );
  }

  /** Up to and with `mark`. @throws NetError `closed`, `too-long`. */
  async readUntil(mark: string | Uint8Array, options: ReadLimit = {}): Promise<Buffer> {
    const bytes = Buffer.from(mark as string);
    if (bytes.length === 0) throw new RangeError("readUntil needs a mark to look for");
    let searched = 0;
    const wanted = JSON.stringify(typeof mark === "string" ? mark : bytes.toString("latin1"));
    return await this.#read({ ...options, wanted }, (buffer) => {
      const at = buffer.indexOf(bytes, searched);
      searched = Math.max(0, buffer.length - bytes.length + 1);
      return at === -1 ? undefined : at + bytes.length;
    });
  }

  /** Closes both directions. */
  close(): void {
    this.#closed = true;
    this.#stream.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** Reads on until `enough` says how much of what is there is wanted, and keeps the rest for the next call. */
  async #read(
    options: ReadLimit & { readonly wanted?: string },
    enough: (buffer: Buffer, ended: boolean) => number | undefined,
  ): Promise<Buffer> {
    const limit = options.limit ?? LIMIT;
    const chunks = new Growing(this.#rest);
    this.#rest = Buffer.alloc(0);
    try {
      return await this.#limited(options, async (signal) => {
        for (;;) {
          const ended = this.#isAtEnd();
          const length = enough(chunks.bytes, ended);
          if (length !== undefined) {
            const taken = chunks.bytes.subarray(0, length);
            chunks.drop(length);
            return Buffer.from(taken);
          }
          if (chunks.bytes.length > limit) {
            throw new NetError("too-long", this.address, {
              message: `more than ${formatBytes(limit)} came, and ${options.wanted ?? "the end"} did not`,
              received: chunks.bytes,
            });
          }
          if (ended) {
            throw new NetError("closed", this.address, {
              message: `the peer ended after ${chunks.bytes.length} bytes, before ${options.wanted ?? "the end"}`,
              received: chunks.bytes,
            });
          }
          const chunk: unknown = this.#stream.read();
          if (Buffer.isBuffer(chunk)) {
            this.#transcript.received.push(chunk);
            chunks.push(chunk);
          } else if (this.#failure !== undefined) {
            throw new NetError(this.#failure.code, this.address, {
              message: "the peer broke the connection off",
              cause: this.#failure,
              received: chunks.bytes,
            });
          } else if (!this.#isAtEnd()) await untilAborted(this.#wake.promise, signal);
        }
      });
    } finally {
      // What a failed call had read is there for the next one.
      this.#rest = Buffer.from(chunks.bytes);
    }
  }

  #isAtEnd(): boolean {
    return this.#ended && this.#failure === undefined && this.#stream.readableLength === 0;
  }

  async #limited<T>(options: CallOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    using cancellation = startCancellation(options);
    try {
      return await untilAborted(work(cancellation.signal), cancellation.signal);
    } catch (error) {
      if (error !== cancellation.signal.reason || !cancellation.signal.aborted) throw error;
      throw cancellation.timedOut
        ? new NetError("timeout", this.address, { message: "not everything came or went in time", cause: error })
        : new NetError("aborted", this.address, { message: "interrupted", cause: error });
    }
  }

  toString(): string {
    const { sent, received } = this.#transcript;
    const part = (name: string, head: Head) => `${name} ${formatBytes(head.total)}\n${new HexView(head.bytes())}`;
    return `${this.address}\n${part("sent", sent)}\n${part("received", received)}`.trimEnd();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  [displaySymbol](): MimeBundle {
    return { "text/plain": this.toString() };
  }
}

function closed(address: string): NetError {
  return new NetError("closed", address, { message: "the connection was closed" });
}

/** Bytes that grow at their end without copying all of them each time. */
class Growing {
  #store: Buffer;
  #length: number;

  constructor(first: Buffer) {
    this.#store = first;
    this.#length = first.length;
  }

  get bytes(): Buffer {
    return this.#store.subarray(0, this.#length);
  }

  push(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#store.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#store.length * 2, 1024));
      this.#store.copy(larger, 0, 0, this.#length);
      this.#store = larger;
    }
    chunk.copy(this.#store, this.#length);
    this.#length = length;
  }

  drop(count: number): void {
    this.#store = Buffer.from(this.#store.subarray(count, this.#length));
    this.#length = this.#store.length;
  }
}

/** The first bytes of a stream and its length. */
class Head {
  total = 0;
  readonly #parts: Uint8Array[] = [];

  push(part: Uint8Array): void {
    const room = TRANSCRIPT - this.total;
    if (room > 0) this.#parts.push(part.slice(0, room));
    this.total += part.length;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}
