import { displaySymbol, type MimeBundle, tableBundle } from "../core/display.ts";
import type { CallOptions } from "../core/options.ts";
import { decodeUtf8 } from "../core/utf8.ts";
import { FilesError, invalidText } from "./error.ts";
import { withLimits } from "./limits.ts";
import type { FileSystem, OpenFile } from "./port.ts";

/** A file that is read by hand. Dispose it, best by `await using`; `files.handles()` lists what is open. */
export interface FileHandle extends AsyncDisposable, AsyncIterable<Uint8Array> {
  readonly path: string;
  /** Bytes from the start of where the next read begins. */
  readonly position: number;
  /** The next line without its end, undefined after the last. @throws FilesError `invalid-text` */
  line(options?: CallOptions): Promise<string | undefined>;
  /** Up to `length` bytes; fewer only at the end of the file. */
  read(length: number, options?: CallOptions): Promise<Uint8Array>;
  /** Goes to a byte; negative counts from the end. */
  seek(position: number): Promise<void>;
  /** Bytes of the file now. */
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Bytes asked for at once. */
const CHUNK = 64 * 1024;
/** A longer line is no line to hold in the hand. */
const LONGEST_LINE = 64 * 1024 * 1024;
const open = new Set<Reader>();

/** What is open now, as a table. */
export function listHandles(): readonly FileHandle[] {
  const handles = [...open];
  const fields = [
    { name: "path", type: "string" },
    { name: "position", type: "integer" },
  ] as const;
  const bundle = (): MimeBundle =>
    tableBundle(
      fields,
      handles.map(({ path, position }) => ({ path, position })),
    );
  return Object.defineProperty(handles, displaySymbol, { value: bundle });
}

export async function openHandle(system: FileSystem, path: string): Promise<FileHandle> {
  const file = await system.open(path);
  const handle = new Reader(path, file);
  open.add(handle);
  return handle;
}

class Reader implements FileHandle {
  readonly path: string;
  readonly #file: OpenFile;
  /** Read ahead, from `position` on. */
  #ahead: Buffer = Buffer.alloc(0);
  #position = 0;
  #closed: Promise<void> | undefined;

  constructor(path: string, file: OpenFile) {
    this.path = path;
    this.#file = file;
  }

  get position(): number {
    return this.#position;
  }

  async line(options: CallOptions = {}): Promise<string | undefined> {
    return await this.#limited(options, async (signal) => {
      let searched = 0;
      for (;;) {
        const end = this.#ahead.indexOf(10, searched);
        if (end !== -1) return this.#decode(this.#take(end + 1));
        searched = this.#ahead.length;
        if (searched > LONGEST_LINE) {
          throw new FilesError("too-large", this.path, { message: `no line ends within ${LONGEST_LINE} bytes` });
        }
        signal.throwIfAborted();
        if (!(await this.#more())) return searched === 0 ? undefined : this.#decode(this.#take(searched));
      }
    });
  }

  async read(length: number, options: CallOptions = {}): Promise<Uint8Array> {
    if (!Number.isInteger(length) || length < 0) throw new RangeError(`read takes a number of bytes, not ${length}`);
    return await this.#limited(options, async (signal) => {
      while (this.#ahead.length < length && (await this.#more(length - this.#ahead.length))) signal.throwIfAborted();
      return this.#take(Math.min(length, this.#ahead.length));
    });
  }

  async seek(position: number): Promise<void> {
    const target = position < 0 ? (await this.size()) + position : position;
    if (!Number.isInteger(target) || target < 0) throw new RangeError(`there is no byte ${position} to go to`);
    this.#position = target;
    this.#ahead = Buffer.alloc(0);
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const chunk = await this.read(CHUNK);
      if (chunk.length === 0) return;
      yield chunk;
    }
  }

  close(): Promise<void> {
    open.delete(this);
    this.#closed ??= this.#file.close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `FileHandle(${this.path}, ${this.#closed === undefined ? `at ${this.#position}` : "closed"})`;
  }

  async #more(wanted = CHUNK): Promise<boolean> {
    const chunk = await this.#file.read(Math.max(wanted, CHUNK), this.#position + this.#ahead.length);
    this.#ahead = this.#ahead.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#ahead, chunk]);
    return chunk.length > 0;
  }

  #take(length: number): Buffer {
    const taken = this.#ahead.subarray(0, length);
    this.#ahead = this.#ahead.subarray(length);
    this.#position += length;
    return taken;
  }

  #decode(bytes: Buffer): string {
    const start = this.#position - bytes.length;
    const text = decodeUtf8(bytes, (found) => invalidText(this.path, { ...found, offset: found.offset + start }));
    return text.replace(/\r?\n$/, "");
  }

  async #limited<T>(options: CallOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#closed !== undefined) throw new FilesError("io", this.path, { message: "this handle has been closed" });
    return await withLimits({ path: this.path, options }, work);
  }
}
