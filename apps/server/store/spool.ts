import { createHash, type Hash } from "node:crypto";
import { closeSync, createReadStream, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { LineIndex } from "./log/line-index.ts";

/** What a closed spool holds: its length in bytes and in lines, and the SHA-256 of it, hex. */
export interface SpoolEnd {
  bytes: number;
  lines: number;
  hash: string;
}

/** The whole text of one stream output on disk, appended while the cell prints. */
export class Spool {
  readonly file: string;
  readonly index = new LineIndex();
  readonly #fd: number;
  readonly #hash: Hash = createHash("sha256");
  #end: SpoolEnd | null = null;

  private constructor(file: string, fd: number) {
    this.file = file;
    this.#fd = fd;
  }

  static create(file: string): Spool {
    return new Spool(file, openSync(file, "w+", 0o600));
  }

  /** Goes on after `bytes`; what was written beyond is cut off, because it will arrive again. */
  static async resume(file: string, bytes: number): Promise<Spool> {
    const fd = openSync(file, "a+", 0o600);
    ftruncateSync(fd, bytes);
    const spool = new Spool(file, fd);
    for await (const chunk of createReadStream(file)) spool.#account(chunk as Buffer);
    return spool;
  }

  get bytes(): number {
    return this.index.bytes;
  }

  /**
   * Written to the operating system when this returns; a killed server loses none of it. Throws the file system's
   * error; nothing of `text` is in the spool then.
   */
  append(text: string): void {
    const data = Buffer.from(text);
    try {
      for (let done = 0; done < data.length; ) done += writeSync(this.#fd, data, done, data.length - done);
    } catch (error) {
      ftruncateSync(this.#fd, this.bytes);
      throw error;
    }
    this.#account(data);
  }

  close(): SpoolEnd {
    if (!this.#end) {
      this.#end = { bytes: this.bytes, lines: this.index.lines, hash: this.#hash.digest("hex") };
      closeSync(this.#fd);
    }
    return this.#end;
  }

  #account(data: Buffer): void {
    this.#hash.update(data);
    this.index.add(data);
  }
}

/** Bytes from `offset`, at most `limit`, never ending inside a UTF-8 character; empty at the end. */
export function readSpool(file: string, offset: number, limit: number): Buffer {
  const fd = openSync(file, "r");
  try {
    const buffer = Buffer.allocUnsafe(limit);
    const bytes = readSync(fd, buffer, 0, limit, offset);
    return buffer.subarray(0, bytes < limit ? bytes : wholeCharacters(buffer));
  } finally {
    closeSync(fd);
  }
}

/** Length of `buffer` without a character that its end cuts in two. RFC 3629. */
function wholeCharacters(buffer: Buffer): number {
  for (let back = 1; back <= Math.min(4, buffer.length); back++) {
    const byte = buffer[buffer.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte < 0x80 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? buffer.length - back : buffer.length;
  }
  return buffer.length;
}

/** The first line start at or after `offset`, looked for in the next 64 KB; else the next character's start. */
export function nextLineStart(file: string, offset: number): number {
  const buffer = readSpool(file, offset, 65_536);
  const newline = buffer.indexOf(0x0a);
  if (newline >= 0) return offset + newline + 1;
  const start = buffer.findIndex((byte) => (byte & 0xc0) !== 0x80);
  return offset + Math.max(0, start);
}
