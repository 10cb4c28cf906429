import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { SaveStatus } from "@opsbook/notebook/session";
import type { Logger } from "pino";
import { writeAtomic } from "../store/atomic-write.ts";
import { failpoint } from "../store/failpoints.ts";

const IDLE_MS = 1000;
const AT_MOST_MS = 5000;
const RETRY_MS = 5000;
/** A change made outside is seen after at most this long. */
const WATCH_MS = 1500;
/** Two changes of a file this close may carry the same times. */
const SAME_TICK_MS = 100;

const GONE =
  "The notebook's file was deleted or moved by another program. Everything is still here: the next change writes it again.";

export interface SaverHost {
  file(): string;
  /** The notebook as it stands, with the sequence number it holds. */
  content(): Promise<{ text: string; seq: number }>;
  onStatus(status: SaveStatus): void;
  /** The file is about to hold `seq`. Rejects where that cannot be noted; then it is not written. */
  willSave(mark: { seq: number; hash: string }): Promise<void>;
  /** The file on disk holds `seq` now. */
  onSaved(mark: { seq: number; hash: string }): void;
  /** The file was changed by somebody else while nothing here was unsaved. False: it cannot be taken in. */
  onOutsideChange(text: string): Promise<boolean>;
  /** It was changed while something here was unsaved: that version is kept as `copy`, in the same folder. */
  onConflict(copy: string, text: string): void;
  log: Logger;
}

export const hashOf = (text: string | Buffer): string => createHash("sha256").update(text).digest("hex");

/** Keeps the `.ipynb` on disk equal to the session, and notices when somebody else writes it. */
export class Saver {
  readonly #host: SaverHost;
  #status: SaveStatus;
  /** SHA-256 of the file as we last read or wrote it. */
  #hash: string;
  #stamp = "";
  #missing = false;
  #dirtySince: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #watch: NodeJS.Timeout;
  #work: Promise<void> = Promise.resolve();
  #note: string | undefined;
  /** Why nothing can be stored at all, the session's log included. */
  #trouble: string | null = null;
  /** SHA-256 of what the last attempt meant to write: one that failed late may have replaced the file. */
  #attempted = "";

  constructor(host: SaverHost, start: { hash: string; seq: number }) {
    this.#host = host;
    this.#hash = start.hash;
    this.#status = { state: "saved", seq: start.seq };
    this.#watch = setInterval(() => void this.#enqueue(() => this.#look()), WATCH_MS);
    this.#watch.unref();
  }

  get status(): SaveStatus {
    return this.#trouble === null ? this.#status : { ...this.#status, state: "failed", message: this.#trouble };
  }

  /** The session's log and snapshots cannot be written; null when they can again. */
  trouble(message: string | null): void {
    if (message === this.#trouble) return;
    this.#trouble = message;
    this.#host.onStatus(this.status);
  }

  /** Something changed; a save follows when it is quiet for a second, after five seconds at the latest. */
  touch(): void {
    this.#dirtySince ??= performance.now();
    if (this.#status.state === "saved") this.#setStatus("unsaved");
    const wait = Math.max(0, Math.min(IDLE_MS, this.#dirtySince + AT_MOST_MS - performance.now()));
    this.#schedule(this.#status.state === "failed" ? RETRY_MS : wait);
  }

  /** Saves now what is unsaved. Rejects where that fails; the edits stay in the session's log. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#enqueue(() => this.#save());
    if (this.#status.state === "failed") throw new Error(this.#status.message);
  }

  async close(): Promise<void> {
    clearInterval(this.#watch);
    try {
      await this.flush();
    } finally {
      this.stop();
    }
  }

  /** Without saving. */
  stop(): void {
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#enqueue(() => this.#save()), ms);
  }

  /** One after the other: a look never meets a half-done save. */
  #enqueue(task: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(task).catch((error: Error) => this.#failed(error));
    return this.#work;
  }

  async #save(): Promise<void> {
    if (this.#dirtySince === null) return;
    await this.#look();
    if (this.#dirtySince === null) return;
    const { text, seq } = await this.#host.content();
    this.#dirtySince = null;
    const hash = hashOf(text);
    try {
      if (hash !== this.#hash) {
        this.#setStatus("saving");
        failpoint("save:before-note");
        await this.#host.willSave({ seq, hash });
        failpoint("save:noted");
        this.#attempted = hash;
        await writeAtomic(this.#host.file(), text);
        failpoint("save:done");
        this.#hash = hash;
      }
    } catch (error) {
      this.#dirtySince = performance.now();
      throw error;
    }
    this.#host.onSaved({ seq, hash });
    if (this.#dirtySince === null) this.#setStatus("saved", seq, this.#note);
  }

  /** Compares by content: a touched file with the same bytes is no change. */
  async #look(): Promise<void> {
    const file = this.#host.file();
    const { stamp, changed } = await stampOf(file);
    if (stamp === "") {
      this.#gone();
      return;
    }
    this.#missing = false;
    if (stamp === this.#stamp) return;
    const data = await readFile(file);
    // A write in the same tick of the clock would leave the same stamp: a young one is looked at again.
    this.#stamp = Date.now() - changed > SAME_TICK_MS ? stamp : "";
    const hash = hashOf(data);
    if (hash === this.#hash) return;
    if (hash === this.#attempted) {
      this.#hash = hash;
      return;
    }
    const text = data.toString();
    if (this.#dirtySince === null && (await this.#host.onOutsideChange(text))) {
      this.#hash = hash;
      this.#host.log.info({ file }, "the notebook was changed outside and read again");
      await this.#taken(hash);
      return;
    }
    this.#stamp = "";
    const copy = await this.#keepCopy(file, data);
    this.#hash = hash;
    this.#host.onConflict(basename(copy), text);
    this.#note = `Changed outside meanwhile; that version is kept as ${basename(copy)}.`;
    this.#dirtySince ??= performance.now();
    this.#setStatus("conflict", this.#status.seq, this.#note);
    this.#schedule(IDLE_MS);
  }

  /** Saved, where the session writes just what the file holds; else what it would write differently is unsaved. */
  async #taken(hash: string): Promise<void> {
    this.#dirtySince = null;
    const { text, seq } = await this.#host.content();
    if (hashOf(text) !== hash) {
      this.#dirtySince ??= performance.now();
      this.#schedule(IDLE_MS);
      return;
    }
    this.#host.onSaved({ seq, hash });
    if (this.#dirtySince !== null) return;
    clearTimeout(this.#timer);
    this.#setStatus("saved", seq);
  }

  /** Deleted or moved away by another program: that is told once, and the next change or save writes it again. */
  #gone(): void {
    if (this.#missing) return;
    this.#missing = true;
    this.#stamp = "";
    this.#hash = "";
    this.#setStatus("failed", this.#status.seq, GONE);
  }

  /** Throws where it cannot be kept; the file is not written over then. */
  async #keepCopy(file: string, data: Buffer): Promise<string> {
    const time = new Date().toISOString().replace(/[:.]/g, "-");
    const copy = join(dirname(file), `${basename(file, ".ipynb")}.outside-${time}.ipynb`);
    await writeAtomic(copy, data);
    return copy;
  }

  #failed(error: Error): void {
    this.#host.log.error({ err: error }, "the notebook could not be saved");
    this.#setStatus("failed", this.#status.seq, failureText(error));
    this.#schedule(RETRY_MS);
  }

  #setStatus(state: SaveStatus["state"], seq = this.#status.seq, message?: string): void {
    this.#status = { state, seq, ...(message === undefined ? {} : { message }) };
    this.#host.onStatus(this.status);
  }
}

/** Changes with every write of the file by whomever; empty where there is none. `changed`: ms since the epoch. */
async function stampOf(file: string): Promise<{ stamp: string; changed: number }> {
  const found = await stat(file, { bigint: true }).catch(() => null);
  if (!found) return { stamp: "", changed: 0 };
  return { stamp: `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`, changed: Number(found.ctimeMs) };
}

function failureText(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  const kept = "Your edits are kept by the server; it tries again every few seconds.";
  if (code === "ENOSPC" || code === "EDQUOT")
    return `The disk is full: the notebook is not saved. ${kept} Free some space.`;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS")
    return `The server may not write this notebook's file. ${kept} Mend the file's permissions.`;
  if (code === "ENOENT") return `The notebook's folder is gone. ${kept}`;
  return `The notebook could not be saved (${error.message}). ${kept}`;
}
