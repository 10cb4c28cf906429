import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { syncFile, syncFolder, writeSynced } from "./atomic-write.ts";
import { LineIndex } from "./log/line-index.ts";
import { readSpool, Spool, type SpoolEnd } from "./spool.ts";

/** Indexes of closed spools kept in memory; one of 200 MB takes about 50 KB. */
const CACHED_INDEXES = 32;

/** Read at once of a closed one, in bytes. */
const CHUNK_BYTES = 262_144;

const SPOOL_NAME = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface SpoolStatus {
  file: string;
  /** So far. */
  bytes: number;
  /** The cell may still print. */
  open: boolean;
}

/** The folder with the text of all stream outputs of a server, each in a file named by the output's id. */
export class Spools {
  readonly #folder: string;
  readonly #open = new Map<string, Spool>();
  readonly #indexes = new Map<string, Promise<LineIndex>>();

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
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

  close(outputId: string): SpoolEnd | null {
    const spool = this.#open.get(outputId);
    if (!spool) return null;
    this.#open.delete(outputId);
    this.#remember(outputId, Promise.resolve(spool.index));
    return spool.close();
  }

  remove(outputId: string): void {
    this.close(outputId);
    this.#indexes.delete(outputId);
    rmSync(this.file(outputId), { force: true });
  }

  /** Undefined for what is no spool, or none any more. */
  find(outputId: string): SpoolStatus | undefined {
    if (!SPOOL_NAME.test(outputId)) return undefined;
    const file = this.file(outputId);
    const spool = this.#open.get(outputId);
    if (spool) return { file, bytes: spool.bytes, open: true };
    const found = statSync(file, { throwIfNoEntry: false });
    return found?.isFile() ? { file, bytes: found.size, open: false } : undefined;
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

async function readIndex(file: string): Promise<LineIndex> {
  const index = new LineIndex();
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) index.add(chunk as Buffer);
  return index;
}
