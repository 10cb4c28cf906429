import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SessionNotebook } from "@opsbook/notebook/session";
import { syncFile, syncFolder } from "../store/atomic-write.ts";
import type { Blobs } from "../store/blobs.ts";
import type { OutputStore } from "../store/convert.ts";
import { readSpool, Spool, type SpoolEnd } from "../store/spool.ts";

/** The spools of one session's stream outputs: the open ones are appended here, the closed ones are only read. */
export class Streams {
  readonly #folder: string;
  readonly #open = new Map<string, Spool>();
  readonly #closedBytes = new Map<string, number>();
  /** Written since the last `sync`. */
  readonly #unsynced = new Set<string>();
  /** Told after every append. */
  onAppend: (outputId: string) => void = () => {};

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** What is closed already in a notebook that was loaded, deleted cells included. */
  index({ cells, bin }: SessionNotebook): void {
    this.#closedBytes.clear();
    for (const { outputs } of [...cells, ...bin.map(({ cell }) => cell)])
      for (const output of outputs)
        if (output.output_type === "stream" && output.closed) this.#closedBytes.set(output.id, output.bytes);
  }

  file(outputId: string): string {
    return join(this.#folder, outputId);
  }

  open(outputId: string): void {
    this.#open.set(outputId, Spool.create(this.file(outputId)));
  }

  /** What turns outputs of a file into those of a session, and back. */
  outputStore(blobs: Blobs): OutputStore {
    return { blobs, spoolFile: (outputId) => this.file(outputId) };
  }

  /** After a server restart: goes on after `bytes`. */
  async resume(outputId: string, bytes: number): Promise<void> {
    this.#open.set(outputId, await Spool.resume(this.file(outputId), bytes));
  }

  isOpen(outputId: string): boolean {
    return this.#open.has(outputId);
  }

  append(outputId: string, text: string): void {
    this.#open.get(outputId)?.append(text);
    this.#unsynced.add(outputId);
    this.onAppend(outputId);
  }

  /** Resolves when all text so far is on disk. Rejects with the file system's error; the next call tries again. */
  async sync(): Promise<void> {
    const ids = [...this.#unsynced];
    this.#unsynced.clear();
    try {
      await Promise.all(ids.map((id) => syncFile(this.file(id))));
      if (ids.length > 0) await syncFolder(this.#folder);
    } catch (error) {
      for (const id of ids) this.#unsynced.add(id);
      throw error;
    }
  }

  /** Null where it is closed already. */
  close(outputId: string): SpoolEnd | null {
    const spool = this.#open.get(outputId);
    this.#open.delete(outputId);
    if (!spool) return null;
    const end = spool.close();
    this.#closedBytes.set(outputId, end.bytes);
    return end;
  }

  /** Bytes of each open stream. */
  lengths(): Record<string, number> {
    return Object.fromEntries([...this.#open].map(([id, spool]) => [id, spool.bytes]));
  }

  /** Bytes of a stream so far; undefined once it is gone. */
  bytes(outputId: string): number | undefined {
    return this.#open.get(outputId)?.bytes ?? this.#closedBytes.get(outputId);
  }

  /** Bytes on disk; 0 where the spool is gone. */
  size(outputId: string): number {
    return statSync(this.file(outputId), { throwIfNoEntry: false })?.size ?? 0;
  }

  read(outputId: string, offset: number, limit: number): Buffer {
    const file = this.file(outputId);
    return existsSync(file) ? readSpool(file, offset, limit) : Buffer.alloc(0);
  }

  discard(outputIds: readonly string[]): void {
    for (const id of outputIds) {
      this.close(id);
      this.#closedBytes.delete(id);
      rmSync(this.file(id), { force: true });
    }
  }

  closeAll(): void {
    for (const id of [...this.#open.keys()]) this.close(id);
  }
}
