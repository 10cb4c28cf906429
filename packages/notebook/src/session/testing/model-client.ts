import { apply } from "../apply/index.ts";
import { type Entry, entrySchema, type UserOperation } from "../operations.ts";
import type { Author, SessionState } from "../state.ts";
import { type ModelServer, overWire, type ToClient, type ToServer } from "./model-server.ts";
import { TextClient } from "./texts.ts";

/** A browser tab in memory: what the server confirmed, what it asked for and was not answered, its open texts. */
export class ModelClient {
  readonly id: string;
  readonly by: Author;
  readonly #server: ModelServer;
  confirmed: SessionState | null = null;
  #seq = 0;
  #epoch = 0;
  #clientSeq = 0;
  pending: { clientSeq: number; op: UserOperation }[] = [];
  texts = new Map<string, TextClient>();
  /** Characters typed here that the confirmed text of the cell does not hold yet. */
  unsent = new Map<string, string[]>();
  /** Cells whose `text-state` is awaited: nobody asks twice, and nobody closes what is on its way. */
  #asked = new Set<string>();
  /** On their way, the oldest first. */
  toServer: ToServer[] = [];
  toClient: ToClient[] = [];
  online = false;
  /** Greeted: submissions go out in the order of their numbers, so none before those that wait. */
  #ready = false;

  constructor(server: ModelServer, id: string) {
    this.#server = server;
    this.id = id;
    this.by = { id, name: id };
  }

  get visible(): SessionState | null {
    if (!this.confirmed) return null;
    return this.pending.reduce((state, { op }) => {
      const result = op.type === "edit-source" ? null : apply(state, op, { by: this.by, at: 0 });
      return result?.ok ? result.state : state;
    }, this.confirmed);
  }

  connect(withSnapshot: boolean): void {
    this.online = true;
    const send = (frame: ToClient) => void this.toClient.push(overWire(frame));
    this.#server.connect(
      { clientId: this.id, by: this.by, send },
      { epoch: this.#epoch, seq: this.#seq },
      withSnapshot,
    );
  }

  /** Whatever is on its way is lost, in both directions. */
  cut(): void {
    this.#server.disconnect(this.id);
    this.online = false;
    this.#ready = false;
    this.toServer = [];
    this.toClient = [];
    this.texts.clear();
    this.#asked.clear();
  }

  submit(op: UserOperation): void {
    const submission = { clientSeq: ++this.#clientSeq, op };
    this.pending.push(submission);
    if (this.#ready) this.toServer.push({ type: "submit", ...submission });
  }

  openText(cellId: string): void {
    if (!this.#ready || this.texts.has(cellId) || this.#asked.has(cellId)) return;
    if (!this.confirmed?.notebook.cells.some(({ id }) => id === cellId)) return;
    this.#asked.add(cellId);
    this.toServer.push({ type: "open-text", cellId });
  }

  type(cellId: string, at: number, letter: string): void {
    this.texts.get(cellId)?.shared.insert(at, letter);
    this.unsent.set(cellId, [...(this.unsent.get(cellId) ?? []), letter]);
  }

  flush(cellId: string): void {
    const text = this.texts.get(cellId);
    if (text?.isDirty) this.submit({ type: "edit-source", cellId, update: text.take() });
  }

  closeText(cellId: string): void {
    if (!this.texts.delete(cellId)) return;
    this.toServer.push({ type: "close-text", cellId });
  }

  deliverToServer(): void {
    const frame = this.toServer.shift();
    if (frame) this.#server.receive(this.id, overWire(frame));
  }

  deliverToClient(): void {
    const frame = this.toClient.shift();
    if (frame?.type === "welcome") this.#welcome(frame);
    else if (frame?.type === "op") this.#add(entrySchema.parse(frame.entry));
    else if (frame?.type === "rejected") this.#rejected(frame);
    else if (frame?.type === "text-state") this.#open(frame);
  }

  #welcome({ epoch, lastClientSeq, seq, snapshot, entries }: Extract<ToClient, { type: "welcome" }>): void {
    if (snapshot) {
      this.confirmed = snapshot;
      this.#seq = seq;
      for (const { id } of snapshot.notebook.cells) this.#settle(id);
    }
    for (const entry of entries ?? []) this.#add(entrySchema.parse(entry));
    const isNewEpoch = this.#epoch !== 0 && this.#epoch !== epoch;
    this.#epoch = epoch;
    this.#ready = true;
    // Edits go again as a difference, under a new id; runs are never sent by themselves to a server that restarted.
    this.pending = this.pending.filter(
      ({ clientSeq, op }) =>
        clientSeq > lastClientSeq && op.type !== "edit-source" && !(isNewEpoch && op.type === "run-cells"),
    );
    for (const submission of this.pending) this.toServer.push({ type: "submit", ...submission });
    for (const cellId of this.unsent.keys()) this.openText(cellId);
  }

  #add(entry: Entry): void {
    if (!this.confirmed || entry.seq <= this.#seq) return;
    if (entry.seq !== this.#seq + 1) throw new Error(`${this.id}: entry ${entry.seq} follows ${this.#seq}`);
    const result = apply(this.confirmed, entry.op, { by: entry.by, at: entry.at });
    if (!result.ok) throw new Error(`${this.id}: entry ${entry.seq} (${entry.op.type}) refused: ${result.message}`);
    this.confirmed = result.state;
    this.#seq = entry.seq;
    if (entry.origin?.clientId === this.id) this.#drop(entry.origin.clientSeq);
    const { op } = entry;
    if (op.type === "edit-source") {
      this.texts.get(op.cellId)?.receive(op.update);
      this.#settle(op.cellId);
    }
    if (op.type !== "delete-cell") return;
    this.texts.delete(op.cellId);
    this.#asked.delete(op.cellId);
    this.unsent.delete(op.cellId);
  }

  /** Sends again, as a difference, what an earlier document of this cell took along. */
  #open({ cellId, ...opened }: Extract<ToClient, { type: "text-state" }>): void {
    this.#asked.delete(cellId);
    const text = new TextClient(opened);
    this.texts.set(cellId, text);
    for (const letter of this.unsent.get(cellId) ?? []) if (!text.text.includes(letter)) text.shared.insert(0, letter);
    this.flush(cellId);
  }

  #settle(cellId: string): void {
    const source = this.confirmed?.notebook.cells.find(({ id }) => id === cellId)?.source ?? "";
    const left = this.unsent.get(cellId)?.filter((letter) => !source.includes(letter)) ?? [];
    if (left.length > 0) this.unsent.set(cellId, left);
    else this.unsent.delete(cellId);
  }

  /** A refused edit stays in the sender's document, so that is made anew. */
  #rejected({ clientSeq, code }: Extract<ToClient, { type: "rejected" }>): void {
    const op = this.pending.find((submission) => submission.clientSeq === clientSeq)?.op;
    this.#drop(clientSeq);
    if (op?.type !== "edit-source" || code !== "text-refused") return;
    this.texts.delete(op.cellId);
    this.openText(op.cellId);
  }

  #drop(clientSeq: number): void {
    this.pending = this.pending.filter((submission) => submission.clientSeq !== clientSeq);
  }
}
