import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import type { GroupLog } from "../store/group-log.ts";
import type { KernelCursor, SessionFolder, Snapshot } from "../store/session-folder.ts";

/** A log beyond this is replaced by a snapshot. */
const COMPACT_BYTES = 4_194_304;
const RETRY_MS = 2000;

export interface PersistenceHost {
  snapshot(): Snapshot;
  cursor(): KernelCursor | null;
  /** The kernel's messages up to `kseq` are in the log. */
  acknowledge(kseq: number): void;
  /** Null: it can be written again. */
  onTrouble(message: string | null): void;
  log: Logger;
}

/** The session's log and snapshots. While the disk refuses, nothing is acknowledged and nothing is forgotten. */
export class Persistence {
  readonly #folder: SessionFolder;
  readonly #host: PersistenceHost;
  #log: GroupLog;
  #retrying: Promise<void> | null = null;
  #compacting: Promise<void> | null = null;
  #closed = false;

  private constructor(folder: SessionFolder, host: PersistenceHost, log: GroupLog) {
    this.#folder = folder;
    this.#host = host;
    this.#log = log;
  }

  /** Writes the first snapshot. Throws the file system's error. */
  static async open(folder: SessionFolder, host: PersistenceHost): Promise<Persistence> {
    const snapshot = host.snapshot();
    await folder.writeSnapshot(snapshot);
    return new Persistence(folder, host, folder.openLog(snapshot.seq, host.cursor));
  }

  /** Resolves when the line is written (on disk, if `durable`), however long the disk stays full. */
  async store(line: string, durable: boolean): Promise<void> {
    const kseq = this.#host.cursor()?.kseq;
    try {
      await this.#log.append(line, { durable });
    } catch (error) {
      this.#host.log.error({ err: error }, "the session's log could not be written");
      await this.replaceLog();
    }
    if (kseq !== undefined) this.#host.acknowledge(kseq);
    if (this.#log.size > COMPACT_BYTES) void this.compact();
  }

  /** Resolves when a snapshot of the whole state is on disk: after a failed write, or a change no line tells of. */
  replaceLog(): Promise<void> {
    this.#retrying ??= this.#retry().finally(() => {
      this.#retrying = null;
    });
    return this.#retrying;
  }

  async #retry(): Promise<void> {
    let stored = -1;
    while (stored !== this.#host.snapshot().seq) {
      const snapshot = this.#host.snapshot();
      try {
        await this.#folder.writeSnapshot(snapshot);
        stored = snapshot.seq;
      } catch (error) {
        const { message } = error as Error;
        this.#host.onTrouble(
          `The server cannot write to its disk (${message}). Nothing is lost while it runs; free some space.`,
        );
        if (this.#closed) throw error;
        await wait(RETRY_MS);
      }
    }
    // In the same turn as the check above: a line that came between would go to the log that was replaced.
    const old = this.#log;
    this.#log = this.#folder.openLog(stored, this.#host.cursor);
    this.#host.onTrouble(null);
    await old.close().catch(() => {});
  }

  /** A snapshot takes the place of the log so far; new lines go to a new log meanwhile. */
  compact(): Promise<void> {
    this.#compacting ??= this.#compact().finally(() => {
      this.#compacting = null;
    });
    return this.#compacting;
  }

  async #compact(): Promise<void> {
    await this.#log.settled();
    if (this.#log.failed || this.#retrying || this.#closed) return;
    const old = this.#log;
    const snapshot = this.#host.snapshot();
    try {
      this.#log = this.#folder.openLog(snapshot.seq, this.#host.cursor);
      await old.close();
      await this.#folder.writeSnapshot(snapshot);
    } catch (error) {
      this.#host.log.error({ err: error }, "the session's snapshot could not be written");
    }
  }

  /** Everything goes into a last snapshot. Throws the file system's error where that fails. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#compacting;
    await this.#log.settled();
    await this.#folder.writeSnapshot(this.#host.snapshot());
    await this.#log.close();
  }
}
