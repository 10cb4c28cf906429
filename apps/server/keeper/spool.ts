/**
 * One kernel's events in order, until the server has them safe. The newest stay in memory; once they exceed the
 * window all of them move to a segment file, so memory is flat whatever a kernel prints and however long no server
 * reads. Segments die when acknowledged and passed by every reader.
 *
 * Writing to a segment is synchronous on purpose: it holds the event loop, and with it the memory, to the disk's pace.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { KeeperError } from "./error.ts";
import { frameLength } from "./frames.ts";

/** Bytes of unacknowledged records held in memory before they move to disk. */
const MEMORY_WINDOW = 2 * 1024 * 1024;

/** A segment that has reached this many bytes is closed and another begun. */
const SEGMENT_BYTES = 8 * 1024 * 1024;

/** Bytes read from a segment at once. */
const READ_BYTES = 256 * 1024;

interface Segment {
  readonly file: string;
  readonly first: number;
  last: number;
  bytes: number;
}

export class Spool {
  readonly #folder: string;
  readonly #onError: (error: unknown) => void;
  readonly #readers = new Set<SpoolReader>();
  readonly #segments: Segment[] = [];
  #open: number | null = null;
  #memory: Buffer[] = [];
  #memoryBytes = 0;
  #spillAt = MEMORY_WINDOW;
  #last: number;
  #acknowledged: number;

  /** `onError` hears of a disk that takes no more; records then stay in memory and are tried again. */
  constructor(options: { folder: string; firstKseq: number; onError: (error: unknown) => void }) {
    this.#folder = options.folder;
    this.#onError = options.onError;
    this.#last = options.firstKseq - 1;
    this.#acknowledged = this.#last;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  get last(): number {
    return this.#last;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  append(encode: (kseq: number) => Buffer): void {
    const record = encode(this.#last + 1);
    this.#last += 1;
    this.#memory.push(record);
    this.#memoryBytes += record.length;
    if (this.#memoryBytes > this.#spillAt) this.#spill();
    for (const reader of this.#readers) reader.wake();
  }

  acknowledge(kseq: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(kseq, this.#last));
    this.collect();
  }

  /** Events after `kseq`; a number beyond the newest means "from now on". `onMore` says that `next` has more. */
  reader(kseq: number, onMore: () => void): SpoolReader {
    const reader = new SpoolReader(this, Math.min(kseq, this.#last), onMore);
    this.#readers.add(reader);
    return reader;
  }

  forget(reader: SpoolReader): void {
    this.#readers.delete(reader);
    this.collect();
  }

  /** Frees what is acknowledged and read. */
  collect(): void {
    let upTo = this.#acknowledged;
    for (const reader of this.#readers) upTo = Math.min(upTo, reader.position);
    for (let segment = this.#segments[0]; segment && segment.last <= upTo; segment = this.#segments[0]) {
      if (this.#segments.length === 1) this.#closeSegment();
      this.#segments.shift();
      rmSync(segment.file, { force: true });
    }
    const drop = Math.max(0, Math.min(this.#memory.length, upTo - this.#last + this.#memory.length));
    // Dropping a few records from a long array each time would cost more than it frees.
    if (drop === 0 || (drop < 64 && drop < this.#memory.length)) return;
    for (const record of this.#memory.splice(0, drop)) this.#memoryBytes -= record.length;
  }

  /** The records in memory after `kseq`, or null when that is on disk. */
  inMemory(kseq: number): Buffer[] | null {
    const skip = kseq - (this.#last - this.#memory.length);
    return skip < 0 ? null : this.#memory.slice(skip);
  }

  segmentAfter(kseq: number): Segment | undefined {
    return this.#segments.find((segment) => segment.last > kseq);
  }

  /** The oldest event still held. */
  get first(): number {
    return this.#segments[0]?.first ?? this.#last - this.#memory.length + 1;
  }

  destroy(): void {
    this.#closeSegment();
    for (const reader of this.#readers) reader.close();
    this.#memory = [];
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #spill(): void {
    const data = Buffer.concat(this.#memory);
    try {
      const fd = this.#writable();
      const segment = this.#segments.at(-1);
      if (!segment) return;
      try {
        for (let at = 0; at < data.length; ) at += writeSync(fd, data, at, data.length - at, segment.bytes + at);
      } catch (error) {
        ftruncateSync(fd, segment.bytes);
        throw error;
      }
      segment.bytes += data.length;
      segment.last = this.#last;
      this.#memory = [];
      this.#memoryBytes = 0;
      this.#spillAt = MEMORY_WINDOW;
      if (segment.bytes >= SEGMENT_BYTES) this.#closeSegment();
    } catch (error) {
      // Tried again a window later: each attempt copies all that waits.
      this.#spillAt = this.#memoryBytes + MEMORY_WINDOW;
      this.#onError(error);
    }
  }

  #writable(): number {
    if (this.#open !== null) return this.#open;
    const first = this.#last - this.#memory.length + 1;
    const file = join(this.#folder, `${first}.segment`);
    this.#open = openSync(file, "w", 0o600);
    this.#segments.push({ file, first, last: first - 1, bytes: 0 });
    return this.#open;
  }

  #closeSegment(): void {
    if (this.#open !== null) closeSync(this.#open);
    this.#open = null;
  }
}

/** A place in a spool that moves forward. */
export class SpoolReader {
  readonly #spool: Spool;
  readonly #onMore: () => void;
  #position: number;
  #at: { segment: Segment; handle: FileHandle; offset: number; kseq: number } | null = null;
  #closed = false;

  constructor(spool: Spool, position: number, onMore: () => void) {
    this.#spool = spool;
    this.#position = position;
    this.#onMore = onMore;
  }

  /** Sequence number of the last event handed out. */
  get position(): number {
    return this.#position;
  }

  wake(): void {
    if (!this.#closed) this.#onMore();
  }

  /** The next records, at least one and about 256 KiB at most; none when there is nothing new. */
  async next(): Promise<Buffer[]> {
    this.#position = Math.max(this.#position, this.#spool.first - 1);
    for (;;) {
      const memory = this.#spool.inMemory(this.#position);
      if (memory) {
        await this.#leave();
        return this.#take(memory);
      }
      const records = await this.#fromDisk();
      if (this.#closed) return [];
      if (records.length > 0) return this.#take(records);
    }
  }

  close(): void {
    this.#closed = true;
    this.#spool.forget(this);
    void this.#leave();
  }

  #take(records: Buffer[]): Buffer[] {
    let bytes = 0;
    let length = 0;
    for (; length < records.length && bytes < READ_BYTES; length++) bytes += records[length]?.length ?? 0;
    this.#position += length;
    this.#spool.collect();
    return length === records.length ? records : records.slice(0, length);
  }

  async #fromDisk(): Promise<Buffer[]> {
    const segment = this.#spool.segmentAfter(this.#position);
    if (!segment) return [];
    if (this.#at?.segment !== segment || this.#at.kseq > this.#position + 1) {
      await this.#leave();
      this.#at = { segment, handle: await open(segment.file, "r"), offset: 0, kseq: segment.first };
    }
    const at = this.#at;
    const chunk = await this.#read(at.handle, at.offset, Math.min(READ_BYTES, segment.bytes - at.offset));
    const records: Buffer[] = [];
    let used = 0;
    for (let length = frameLength(chunk, 0); length > 0 && used + length <= chunk.length; ) {
      if (at.kseq > this.#position) records.push(chunk.subarray(used, used + length));
      at.kseq += 1;
      used += length;
      length = frameLength(chunk, used);
    }
    if (used === 0) {
      const length = frameLength(chunk, 0);
      if (length === 0) throw new KeeperError("internal", `The segment ${segment.file} is shorter than it should be.`);
      const record = await this.#read(at.handle, at.offset, length);
      if (at.kseq > this.#position) records.push(record);
      at.kseq += 1;
      used = length;
    }
    at.offset += used;
    return records;
  }

  async #read(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  }

  async #leave(): Promise<void> {
    const handle = this.#at?.handle;
    this.#at = null;
    await handle?.close();
  }
}
