import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import { failpoint } from "../store/failpoints.ts";
import type { GroupLog } from "../store/group-log.ts";
import type { KernelCursor, LogRecord, Saved, SessionFolder, Snapshot } from "../store/session-folder.ts";

/** A log beyond this is replaced by a snapshot. */
const COMPACT_BYTES = 4_194_304;
/** And one beyond this, once nothing was written for a while: opening the notebook again costs no replay then. */
const IDLE_COMPACT_BYTES = 65_536;
const IDLE_MS = 30_000;
const RETRY_MS = 2000;

/** What the session adds to its snapshot; how far the file is written is kept here. */
export type SessionSnapshot = Omit<Snapshot, "saved" | "saving">;

export interface PersistenceHost {
  snapshot(): SessionSnapshot;
  cursor(): KernelCursor | null;
  /** The kernel's messages up to `kseq` are in the log. */
  acknowledge(kseq: number): void;
  /** Null: it can be written again. */
  onTrouble(message: string | null): void;
  /** Without a write after which the log is compacted; 30 s unless told. */
  idleMs?: number;
  log: Logger;
}

/** The session's log and snapshots. While the disk refuses, nothing is acknowledged and nothing is forgotten. */
export class Persistence {
  readonly #folder: SessionFolder;
  readonly #host: PersistenceHost;
  #log: GroupLog;
  #saved: Saved;
  #saving: Saved | null = null;
  #replacing: Promise<void> | null = null;
  #compacting: Promise<void> | null = null;
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(folder: SessionFolder, host: PersistenceHost, start: { saved: Saved; log: GroupLog }) {
    this.#folder = folder;
    this.#host = host;
    this.#saved = start.saved;
    this.#log = start.log;
  }

  /** Writes the first snapshot. Throws the file system's error. */
  static async open(folder: SessionFolder, host: PersistenceHost, saved: Saved): Promise<Persistence> {
    const snapshot = { ...host.snapshot(), saved, saving: null };
    await folder.writeSnapshot(snapshot);
    return new Persistence(folder, host, { saved, log: folder.openLog(snapshot.seq, host.cursor) });
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
    // A line of a log whose snapshot is still on its way counts once that is on disk.
    if (this.#replacing) await this.#replacing;
    if (kseq !== undefined) this.#host.acknowledge(kseq);
    if (this.#log.size > COMPACT_BYTES) void this.compact();
    else this.#compactWhenIdle();
  }

  /**
   * To be said before the `.ipynb` is replaced: a crash right after that finds the file to be ours. Rejects where
   * it cannot be written; the file stays as it is then.
   */
  async willSave(mark: Saved): Promise<void> {
    this.#saving = mark;
    try {
      await this.#log.append(JSON.stringify({ saving: mark } satisfies LogRecord), { durable: true });
    } catch (error) {
      void this.replaceLog().catch(() => {});
      throw error;
    }
    if (this.#replacing) await this.#replacing;
  }

  saved(mark: Saved): void {
    this.#saved = mark;
    this.#saving = null;
    if (!this.#closed) void this.store(JSON.stringify({ saved: mark } satisfies LogRecord), false);
  }

  /** Resolves when a snapshot of the whole state is on disk and a new log goes on from there. */
  replaceLog(): Promise<void> {
    this.#replacing ??= this.#replace().finally(() => {
      this.#replacing = null;
    });
    return this.#replacing;
  }

  async #replace(): Promise<void> {
    for (;;) {
      const snapshot = this.#snapshot();
      const old = this.#log;
      try {
        // First the log, so that what is acknowledged meanwhile is in a file that the snapshot does not drop.
        this.#log = this.#folder.openFreshLog(snapshot.seq, this.#host.cursor);
        void old.close().catch(() => {});
        await this.#folder.writeSnapshot(snapshot);
        this.#host.onTrouble(null);
      } catch (error) {
        const { message } = error as Error;
        this.#host.onTrouble(
          `The server cannot write to its disk (${message}). Nothing is lost while it runs; free some space.`,
        );
        if (this.#closed) throw error;
        await wait(RETRY_MS);
        continue;
      }
      // Lines that the new log refused meanwhile are in no snapshot yet.
      if (!this.#log.failed) return;
    }
  }

  #snapshot(): Snapshot {
    return { ...this.#host.snapshot(), saved: this.#saved, saving: this.#saving };
  }

  #compactWhenIdle(): void {
    clearTimeout(this.#idle);
    if (this.#log.size < IDLE_COMPACT_BYTES || this.#closed) return;
    this.#idle = setTimeout(() => void this.compact(), this.#host.idleMs ?? IDLE_MS);
    this.#idle.unref();
  }

  /** A snapshot takes the place of the log so far; new lines go to a new log meanwhile. */
  compact(): Promise<void> {
    this.#compacting ??= this.#compact().finally(() => {
      this.#compacting = null;
    });
    return this.#compacting;
  }

  async #compact(): Promise<void> {
    // In the turn that goes on nothing may be on its way to the old log: a later line could be on disk before it.
    while (this.#log.busy) await this.#log.settled();
    if (this.#log.failed || this.#replacing || this.#closed) return;
    const old = this.#log;
    const snapshot = this.#snapshot();
    try {
      this.#log = this.#folder.openLog(snapshot.seq, this.#host.cursor);
      failpoint("compact:log-opened");
      await old.close();
      await this.#folder.writeSnapshot(snapshot);
      failpoint("compact:snapshot-written");
    } catch (error) {
      this.#host.log.error({ err: error }, "the session's snapshot could not be written");
    }
  }

  /** Everything goes into a last snapshot. Throws the file system's error where that fails. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idle);
    await this.#compacting;
    await this.#log.settled();
    await this.#folder.writeSnapshot(this.#snapshot());
    await this.#log.close();
  }
}
