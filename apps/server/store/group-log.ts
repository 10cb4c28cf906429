import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, readSync, write } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { syncFolder } from "./atomic-write.ts";
import { failpoint } from "./failpoints.ts";

const writeAsync = promisify(write);
const fdatasyncAsync = promisify(fdatasync);

interface Batch {
  lines: string[];
  durable: boolean;
  done: PromiseWithResolvers<void>;
}

/**
 * An append-only file of JSON lines with group commit: what arrives while a write is under way goes into
 * the next one together. A batch with a durable line is followed by fdatasync before it counts as written.
 */
export class GroupLog {
  readonly #fd: number;
  /** The first line of a new file. */
  readonly #head: string;
  /** Asked for one more line as a batch is built, so that it tells of everything before it. */
  readonly #trailer: () => string | null;
  readonly #folder: string;
  #size: number;
  /** The file's name is new until its folder is on disk as well. */
  #nameSynced = false;
  #next: Batch | null = null;
  #running: Promise<void> | null = null;
  #failed: Error | null = null;

  constructor(file: string, head: string, trailer: () => string | null) {
    this.#fd = openSync(file, "a+", 0o600);
    this.#folder = dirname(file);
    this.#size = dropTornLine(this.#fd);
    this.#head = head;
    this.#trailer = trailer;
  }

  get failed(): boolean {
    return this.#failed !== null;
  }

  /** Something was appended that is not written yet. */
  get busy(): boolean {
    return this.#running !== null;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  /** Resolves when the line is written, and on disk if `durable`. Rejects for good once a write failed. */
  append(line: string, options: { durable: boolean }): Promise<void> {
    if (this.#failed) return Promise.reject(this.#failed);
    this.#next ??= { lines: [], durable: false, done: Promise.withResolvers() };
    this.#next.lines.push(line);
    this.#next.durable ||= options.durable;
    const { promise } = this.#next.done;
    this.#running ??= this.#run();
    return promise;
  }

  /** After everything appended so far, whether it could be written or not. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async close(): Promise<void> {
    await this.settled();
    if (!this.#failed) await fdatasyncAsync(this.#fd);
    closeSync(this.#fd);
  }

  async #run(): Promise<void> {
    // Leaves the current turn first: all that it submits shares one write, and the trailer tells of all of it.
    await nextTurn();
    while (this.#next) {
      const batch = this.#next;
      this.#next = null;
      try {
        await this.#write(batch);
        batch.done.resolve();
      } catch (error) {
        this.#failed = error as Error;
        batch.done.reject(error);
        this.#rejectNext(error);
      }
    }
    this.#running = null;
  }

  #rejectNext(error: unknown): void {
    this.#next?.done.reject(error);
    this.#next = null;
  }

  async #write({ lines, durable }: Batch): Promise<void> {
    const trailer = this.#trailer();
    if (trailer !== null) lines.push(trailer);
    if (this.#size === 0) lines.unshift(this.#head);
    const data = Buffer.from(`${lines.join("\n")}\n`);
    try {
      failpoint("log:before-write");
      for (let done = 0; done < data.length; ) {
        const { bytesWritten } = await writeAsync(this.#fd, data, done, data.length - done, null);
        done += bytesWritten;
      }
      failpoint("log:written");
      if (durable) await this.#sync();
      failpoint("log:synced");
    } catch (error) {
      this.#dropPartialWrite();
      throw error;
    }
    this.#size += data.length;
  }

  async #sync(): Promise<void> {
    await fdatasyncAsync(this.#fd);
    if (this.#nameSynced) return;
    await syncFolder(this.#folder);
    this.#nameSynced = true;
  }

  /** Where even that fails, the next one to open the file drops a torn line. */
  #dropPartialWrite(): void {
    try {
      ftruncateSync(this.#fd, this.#size);
    } catch {}
  }
}

/** A crash may have cut the last line; nothing may be appended to it. Returns the size that is left. */
function dropTornLine(fd: number): number {
  const { size } = fstatSync(fd);
  const data = Buffer.alloc(size);
  readSync(fd, data, 0, size, 0);
  const end = data.lastIndexOf(0x0a) + 1;
  if (end < size) ftruncateSync(fd, end);
  return end;
}
