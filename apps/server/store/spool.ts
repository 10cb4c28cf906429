import { createHash, type Hash } from "node:crypto";
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** What a closed spool holds: its length in bytes and the SHA-256 of them, hex. */
export interface SpoolEnd {
  bytes: number;
  hash: string;
}

/** The whole text of one stream output on disk, appended while the cell prints. */
export class Spool {
  readonly file: string;
  readonly #fd: number;
  readonly #hash: Hash;
  #bytes: number;
  #end: SpoolEnd | null = null;

  private constructor(file: string, start: { fd: number; hash: Hash; bytes: number }) {
    this.file = file;
    this.#fd = start.fd;
    this.#hash = start.hash;
    this.#bytes = start.bytes;
  }

  static create(file: string): Spool {
    return new Spool(file, { fd: openSync(file, "w+", 0o600), hash: createHash("sha256"), bytes: 0 });
  }

  /** Goes on after `bytes`; what was written beyond is cut off, because it will arrive again. */
  static async resume(file: string, bytes: number): Promise<Spool> {
    const fd = openSync(file, "a+", 0o600);
    ftruncateSync(fd, bytes);
    const kept = await readFile(file);
    return new Spool(file, { fd, hash: createHash("sha256").update(kept), bytes: kept.length });
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Written to the operating system when this returns; a killed server loses none of it. */
  append(text: string): void {
    const data = Buffer.from(text);
    for (let done = 0; done < data.length; ) done += writeSync(this.#fd, data, done, data.length - done);
    this.#hash.update(data);
    this.#bytes += data.length;
  }

  close(): SpoolEnd {
    if (!this.#end) {
      this.#end = { bytes: this.#bytes, hash: this.#hash.digest("hex") };
      closeSync(this.#fd);
    }
    return this.#end;
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
