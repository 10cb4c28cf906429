import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { syncFile, syncFolder, writeAtomic, writeSynced } from "./atomic-write.ts";
import { DiskGuard } from "./disk-guard.ts";
import { LineIndex } from "./log/line-index.ts";
import { cutSpool } from "./saved-stream.ts";
import { readSpool, Spool, type SpoolEnd } from "./spool.ts";

/** Indexes of closed spools kept in memory; one of 200 MB takes about 50 KB. */
const CACHED_INDEXES = 32;

/** Read at once of a closed one, in bytes. */
const CHUNK_BYTES = 262_144;

const SPOOL_NAME = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Beside a spool of which start and end are left: when that was, in milliseconds since 1970. */
const MARK = ".collected";

export interface SpoolStatus {
  file: string;
  /** So far. */
  bytes: number;
  /** The cell may still print. */
  open: boolean;
  /** When the middle was collected, in milliseconds since 1970. */
  collected?: number;
}

/** The folder with the text of all stream outputs of a server, each in a file named by the output's id. */
export class Spools {
  readonly #folder: string;
  readonly #open = new Map<string, Spool>();
  readonly #indexes = new Map<string, Promise<LineIndex>>();
  readonly #collected = new Map<string, number>();
  readonly #guard: DiskGuard;
  /** Bytes that were not kept of open ones, because the disk is full. */
  readonly #lost = new Map<string, number>();

  constructor(folder: string, guard = DiskGuard.of(folder)) {
    this.#folder = folder;
    this.#guard = guard;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      const id = name.endsWith(MARK) ? name.slice(0, -MARK.length) : "";
      if (SPOOL_NAME.test(id)) this.#collected.set(id, Number(readFileSync(join(folder, name), "utf8")));
    }
  }

  file(outputId: string): string {
    return join(this.#folder, outputId);
  }

  create(outputId: string): Spool {
    const spool = Spool.create(this.file(outputId));
    this.#open.set(outputId, spool);
    return spool;
  }

  /** A closed one with this text, on disk when this resolves. */
  async write(outputId: string, text: string): Promise<SpoolEnd> {
    const data = Buffer.from(text);
    await writeSynced(this.file(outputId), data, 0o600);
    const index = new LineIndex();
    index.add(data);
    return { bytes: index.bytes, lines: index.lines, hash: createHash("sha256").update(data).digest("hex") };
  }

  /** Resolves when what was appended to these so far is on disk. Throws the file system's error. */
  async sync(outputIds: readonly string[]): Promise<void> {
    await Promise.all(outputIds.map((id) => syncFile(this.file(id))));
    if (outputIds.length > 0) await syncFolder(this.#folder);
  }

  /** After a server restart: goes on after `bytes`. */
  async resume(outputId: string, bytes: number): Promise<Spool> {
    const spool = await Spool.resume(this.file(outputId), bytes);
    this.#open.set(outputId, spool);
    return spool;
  }

  /**
   * Appends to an open one. While the disk is nearly full the text is counted, not kept, and a note says so; the cell
   * goes on. Throws the file system's error for any other trouble.
   */
  append(outputId: string, text: string): void {
    const spool = this.#open.get(outputId);
    if (!spool) return;
    const lost = this.#lost.get(outputId) ?? 0;
    const bytes = Buffer.byteLength(text);
    const kept = this.#guard.admits(bytes) && this.#fits(spool, lost > 0 ? lostNote(lost) + text : text);
    if (kept) {
      this.#lost.delete(outputId);
      return;
    }
    if (lost === 0)
      this.#fits(spool, "\n[opsbook: the disk is nearly full; what is printed from here on is not kept]\n");
    this.#lost.set(outputId, lost + bytes);
  }

  /** False where the disk is full; nothing is written then. */
  #fits(spool: Spool, text: string): boolean {
    try {
      spool.append(text);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOSPC" && code !== "EDQUOT") throw error;
      this.#guard.isFull();
      return false;
    }
  }

  close(outputId: string): SpoolEnd | null {
    const spool = this.#open.get(outputId);
    if (!spool) return null;
    const lost = this.#lost.get(outputId);
    if (lost !== undefined) this.#fits(spool, lostNote(lost));
    this.#lost.delete(outputId);
    this.#open.delete(outputId);
    this.#remember(outputId, Promise.resolve(spool.index));
    return spool.close();
  }

  remove(outputId: string): void {
    this.close(outputId);
    this.#indexes.delete(outputId);
    rmSync(this.file(outputId), { force: true });
    if (this.#collected.delete(outputId)) rmSync(this.file(outputId) + MARK, { force: true });
  }

  /** When the middle of it was collected, in milliseconds since 1970. */
  collectedAt(outputId: string): number | undefined {
    return this.#collected.get(outputId);
  }

  /** Leaves start and end of a closed one, with a note. Throws the file system's error; it is whole or cut then. */
  async cut(outputId: string, at: number): Promise<void> {
    const day = new Date(at).toISOString().slice(0, 10);
    const text = await cutSpool(outputId, this, (hidden) => `${hidden} left out here; full log collected on ${day}`);
    await writeAtomic(this.file(outputId) + MARK, String(at), 0o600);
    await writeAtomic(this.file(outputId), text, 0o600);
    this.#collected.set(outputId, at);
    this.#indexes.delete(outputId);
  }

  /** Undefined for what is no spool, or none any more. */
  find(outputId: string): SpoolStatus | undefined {
    if (!SPOOL_NAME.test(outputId)) return undefined;
    const file = this.file(outputId);
    const spool = this.#open.get(outputId);
    if (spool) return { file, bytes: spool.bytes, open: true };
    const found = statSync(file, { throwIfNoEntry: false });
    if (!found?.isFile()) return undefined;
    const collected = this.#collected.get(outputId);
    return { file, bytes: found.size, open: false, ...(collected === undefined ? {} : { collected }) };
  }

  /** Where its lines begin; of a closed one this reads the file once. Throws the file system's error. */
  index(outputId: string): Promise<LineIndex> {
    const spool = this.#open.get(outputId);
    if (spool) return Promise.resolve(spool.index);
    const known = this.#indexes.get(outputId);
    const index = known ?? readIndex(this.file(outputId));
    this.#remember(outputId, index);
    index.catch(() => this.#indexes.delete(outputId));
    return index;
  }

  /** Length and hash of a closed one. Throws the file system's error. */
  async measure(outputId: string): Promise<SpoolEnd> {
    const hash = createHash("sha256");
    const index = new LineIndex();
    for await (const chunk of createReadStream(this.file(outputId), { highWaterMark: CHUNK_BYTES })) {
      hash.update(chunk as Buffer);
      index.add(chunk as Buffer);
    }
    this.#remember(outputId, Promise.resolve(index));
    return { bytes: index.bytes, lines: index.lines, hash: hash.digest("hex") };
  }

  read(outputId: string, offset: number, limit: number): Buffer {
    const file = this.file(outputId);
    const exists = statSync(file, { throwIfNoEntry: false }) !== undefined;
    return exists ? readSpool(file, offset, limit) : Buffer.alloc(0);
  }

  /** Newest last; the oldest go. */
  #remember(outputId: string, index: Promise<LineIndex>): void {
    this.#indexes.delete(outputId);
    this.#indexes.set(outputId, index);
    for (const oldest of this.#indexes.keys()) {
      if (this.#indexes.size <= CACHED_INDEXES) break;
      this.#indexes.delete(oldest);
    }
  }
}

const lostNote = (bytes: number): string => `[opsbook: ${bytes.toLocaleString("en")} bytes were not kept]\n`;

async function readIndex(file: string): Promise<LineIndex> {
  const index = new LineIndex();
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) index.add(chunk as Buffer);
  return index;
}
