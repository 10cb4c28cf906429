import type { SessionNotebook } from "@opsbook/notebook/session";
import type { Blobs } from "../store/blobs.ts";
import type { OutputStore } from "../store/convert.ts";
import { nextLineStart, type Spool, type SpoolEnd } from "../store/spool.ts";
import type { Spools } from "../store/spools.ts";
import type { ConnectionHost } from "./connection.ts";
import { type HeldReference, Redactor } from "./redactor.ts";

type StreamReader = Pick<ConnectionHost, "streamBytes" | "streamLines" | "streamCollected" | "readStream" | "nextLine">;

/** The stream outputs of one session: the open ones are appended here, the closed ones are only read. */
export class Streams {
  /** Takes secrets out of text before it is stored. */
  readonly redactor = new Redactor();
  readonly #spools: Spools;
  readonly #open = new Map<string, Spool>();
  readonly #closedBytes = new Map<string, number>();
  /** Ends of open streams that a secret may begin with. */
  readonly #held = new Map<string, string>();
  /** The same, from before a restart, until their secrets are known again. */
  readonly #heldBefore = new Map<string, HeldReference>();
  /** Written since the last `sync`. */
  readonly #unsynced = new Set<string>();
  /** Told after every append. */
  onAppend: (outputId: string) => void = () => {};

  constructor(spools: Spools) {
    this.#spools = spools;
  }

  /** What is closed already in a notebook that was loaded, deleted cells included. */
  index({ cells, bin }: SessionNotebook): void {
    this.#closedBytes.clear();
    for (const { outputs } of [...cells, ...bin.map(({ cell }) => cell)])
      for (const output of outputs)
        if (output.output_type === "stream" && output.closed) this.#closedBytes.set(output.id, output.bytes);
  }

  open(outputId: string): void {
    this.#open.set(outputId, this.#spools.create(outputId));
  }

  /** What turns outputs of a file into those of a session, and back. */
  outputStore(blobs: Blobs): OutputStore {
    return { blobs, spools: this.#spools };
  }

  /** After a server restart: goes on after `bytes`, all there are where none are told. */
  async resume(outputId: string, bytes = this.#spools.find(outputId)?.bytes ?? 0, held?: HeldReference): Promise<void> {
    if (held) this.#heldBefore.set(outputId, held);
    this.#open.set(outputId, await this.#spools.resume(outputId, bytes));
  }

  isOpen(outputId: string): boolean {
    return this.#open.has(outputId);
  }

  append(outputId: string, text: string): void {
    const { out, held } = this.redactor.split(this.#takeHeld(outputId) + text);
    if (held !== "") this.#held.set(outputId, held);
    if (out === "") return;
    this.#spools.append(outputId, out);
    this.#unsynced.add(outputId);
    this.onAppend(outputId);
  }

  /** Resolves when all text so far is on disk. Rejects with the file system's error; the next call tries again. */
  async sync(): Promise<void> {
    const ids = [...this.#unsynced];
    this.#unsynced.clear();
    try {
      await this.#spools.sync(ids);
    } catch (error) {
      for (const id of ids) this.#unsynced.add(id);
      throw error;
    }
  }

  /** Null where it is closed already. */
  close(outputId: string): SpoolEnd | null {
    const held = this.redactor.text(this.#takeHeld(outputId));
    const spool = this.#open.get(outputId);
    if (spool && held !== "") {
      this.#spools.append(outputId, held);
      this.#unsynced.add(outputId);
      this.onAppend(outputId);
    }
    if (!this.#open.delete(outputId)) return null;
    const end = this.#spools.close(outputId);
    if (end) this.#closedBytes.set(outputId, end.bytes);
    return end;
  }

  /** What `resume` needs to know of text that is held back. */
  held(): Record<string, HeldReference> {
    const references = [...this.#heldBefore];
    for (const [id, text] of this.#held) {
      const reference = this.redactor.reference(text);
      if (reference) references.push([id, reference]);
    }
    return Object.fromEntries(references);
  }

  #takeHeld(outputId: string): string {
    const before = this.#heldBefore.get(outputId);
    const held = before ? this.redactor.resolve(before) : (this.#held.get(outputId) ?? "");
    this.#heldBefore.delete(outputId);
    this.#held.delete(outputId);
    return held;
  }

  /** Bytes of each open stream. */
  lengths(): Record<string, number> {
    return Object.fromEntries([...this.#open].map(([id, spool]) => [id, spool.bytes]));
  }

  /** Bytes of a stream so far; undefined once it is gone. */
  bytes(outputId: string): number | undefined {
    const closed = () =>
      this.collectedAt(outputId) === undefined ? this.#closedBytes.get(outputId) : this.#left(outputId);
    return this.#open.get(outputId)?.bytes ?? closed();
  }

  /** When the middle of a stream was collected, in milliseconds since 1970. */
  collectedAt(outputId: string): number | undefined {
    return this.#closedBytes.has(outputId) ? this.#spools.collectedAt(outputId) : undefined;
  }

  #left(outputId: string): number | undefined {
    return this.#spools.find(outputId)?.bytes;
  }

  /** What connections read; `isHidden` for outputs that nobody was told of yet. */
  reader(isHidden: (outputId: string) => boolean): StreamReader {
    return {
      streamBytes: (outputId) => (isHidden(outputId) ? undefined : this.bytes(outputId)),
      streamLines: (outputId) => this.#open.get(outputId)?.index.lines,
      streamCollected: (outputId) => this.collectedAt(outputId),
      readStream: (outputId, offset, limit) => this.#spools.read(outputId, offset, limit),
      nextLine: (outputId, offset) => nextLineStart(this.#spools.file(outputId), offset),
    };
  }

  discard(outputIds: readonly string[]): void {
    for (const id of outputIds) {
      this.close(id);
      this.#closedBytes.delete(id);
      this.#spools.remove(id);
    }
  }

  closeAll(): void {
    for (const id of [...this.#open.keys()]) this.close(id);
  }
}
