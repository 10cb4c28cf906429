import { decodeUpdate, diffText, encodeUpdate, type Splice, splicesOf, TEXT_NAME } from "@opsbook/notebook/session";
import * as Y from "yjs";

/** How long typing is gathered into one edit, in milliseconds. */
const BATCH_MS = 50;
/** Cells kept open after their editor went, so that undo still knows what was typed there. */
const KEPT_OPEN = 12;
/** Refusals in a row after which what was refused is given up: sending it again would never end. */
const MAX_REFUSALS = 3;

export interface TextDocsOptions {
  /** Asks the server for the cell's document; false while there is no connection. The answer names `request`. */
  requestText(cellId: string, request: number): boolean;
  releaseText(cellId: string): void;
  /** The number the edit was submitted with. */
  submitEdit(cellId: string, update: string): number;
  /** The text the server confirmed; null for a cell that is gone. */
  confirmedText(cellId: string): string | null;
  /** The cell is gone, and with it a place for what was typed here and never arrived. `text`: all of the cell. */
  onOrphan(cellId: string, text: string): void;
  /** The text a person sees changed, by whomever. */
  onText(cellId: string): void;
}

type TextListener = (splices: readonly Splice[]) => void;

/** A cell's text as an editor sees it, whatever lies behind it. */
export interface TextHandle {
  readonly cellId: string;
  readonly text: string;
  /** Changes one after the other, made here. */
  edit(splices: readonly Splice[]): void;
  /** Changes made elsewhere, or by undo. */
  onRemote(listener: TextListener): () => void;
  undo(): void;
  redo(): void;
  /** The next edit begins a new undo step. */
  breakUndo(): void;
  release(): void;
}

interface AppliedEdit {
  /** Base64; empty where nobody had the cell open. */
  update: string;
  splices: readonly Splice[];
  own: number | null;
}

/** An edit on its way; null: it was refused or lost, and waits for the next document. */
interface Batch {
  clientSeq: number | null;
  update: Uint8Array;
}

interface OpenText {
  cellId: string;
  users: number;
  /** What a person sees, and the undo of what was typed here. */
  doc: Y.Doc;
  undo: Y.UndoManager;
  text: string;
  /** What the server confirmed, of the same lineage as `doc`: `doc` is this, `batches` and `outgoing`. */
  confirmed: Y.Doc;
  /** The two are copies of the server's document, so that updates can be exchanged with it. */
  linked: boolean;
  /** The request whose `text-state` is awaited; what is typed meanwhile stays here. */
  waiting: number | null;
  batches: Batch[];
  outgoing: Uint8Array[];
  timer: ReturnType<typeof setTimeout> | null;
  refusals: number;
  listeners: Set<TextListener>;
  settled: (() => void)[];
  usedAt: number;
}

const LOCAL = Symbol("typed here");

/**
 * The text of the cells being edited. Documents are the server's and last as long as a connection: it gives the ids
 * to edit with. Without one, two documents of our own stand in: one follows the confirmed text by differences, the
 * other holds what a person sees, and Yjs merges the two here. What is unsent then moves as plain changes of text
 * into the next document of the server; an old update never reaches a new document.
 */
export class TextDocs {
  #options: TextDocsOptions;
  #texts = new Map<string, OpenText>();
  #clock = 0;
  #requests = 0;

  constructor(options: TextDocsOptions) {
    this.#options = options;
  }

  /** The text of a cell under edit; undefined where the confirmed text is all there is. */
  textOf(cellId: string): string | undefined {
    return this.#texts.get(cellId)?.text;
  }

  open(cellId: string): TextHandle {
    let text = this.#texts.get(cellId);
    if (!text) {
      text = this.#standIn(cellId, this.#options.confirmedText(cellId) ?? "");
      this.#texts.set(cellId, text);
    }
    text.users += 1;
    text.usedAt = ++this.#clock;
    if (!text.linked && text.waiting === null) this.#ask(text);
    return this.#handle(text);
  }

  /** Sends what was typed and waits until it is on its way. False when that needs a connection there is not. */
  async flush(cellId: string): Promise<boolean> {
    const text = this.#texts.get(cellId);
    if (!text || (!hasPending(text) && text.waiting === null)) return true;
    if (text.waiting !== null) await new Promise<void>((resolve) => text.settled.push(resolve));
    this.#send(text);
    return text.linked && text.waiting === null;
  }

  /** Sends whatever waits for its batch, as when the page is about to go. */
  flushAll(): void {
    for (const text of this.#texts.values()) this.#send(text);
  }

  /**
   * The `text-state` frame, at the moment the replica is at the entry it names: earlier edits are in it, later ones
   * will come. It may be another document than before, seeded anew. Only the newest request is answered by it: the
   * server refuses edits under the ids it gave for earlier ones.
   */
  load(cellId: string, state: { request: number; update: string; textClientId: number }): void {
    const text = this.#texts.get(cellId);
    if (!text || text.waiting !== state.request) return;
    const update = decodeUpdate(state.update);
    const confirmed = newDoc(update);
    followText(text, textOfDoc(confirmed));
    const unsent = this.#unsentChanges(text);
    const before = text.text;
    this.#discardDocs(text);
    const doc = newDoc(update);
    doc.clientID = state.textClientId;
    Object.assign(text, { doc, confirmed, linked: true, waiting: null, batches: [], outgoing: [] });
    text.undo = this.#watch(text);
    doc.transact(() => applyTo(doc.getText(TEXT_NAME), unsent), LOCAL);
    text.undo.stopCapturing();
    text.text = textOfDoc(doc);
    this.#tell(text, diffText(before, text.text));
    this.#send(text);
    for (const done of text.settled.splice(0)) done();
  }

  /** An edit the server put in its order; after the replica took it. `own`: its number, where it was made here. */
  applied(cellId: string, { update, splices, own }: AppliedEdit): void {
    const text = this.#texts.get(cellId);
    if (!text) return;
    const index = own === null ? -1 : text.batches.findIndex(({ clientSeq }) => clientSeq === own);
    if (index >= 0) {
      Y.applyUpdate(text.confirmed, text.batches.splice(index, 1)[0]!.update);
      text.refusals = 0;
    } else if (text.linked && update !== "") {
      const bytes = decodeUpdate(update);
      Y.applyUpdate(text.confirmed, bytes);
      Y.applyUpdate(text.doc, bytes, "server");
    }
    if (!text.linked) this.#follow(text, splices);
  }

  /** The server refused an edit: its document and ours differ, so ours is made anew; what was typed is kept. */
  refused(cellId: string, clientSeq: number): "kept" | { givenUp: string } {
    const text = this.#texts.get(cellId);
    if (!text) return "kept";
    for (const batch of text.batches) if (batch.clientSeq === clientSeq) batch.clientSeq = null;
    text.refusals += 1;
    const givenUp = text.refusals >= MAX_REFUSALS;
    const typed = text.text;
    if (givenUp) Object.assign(text, { batches: [], outgoing: [], refusals: 0 });
    if (text.waiting === null) this.#ask(text);
    return givenUp ? { givenUp: typed } : "kept";
  }

  /** The connection went, and with it every document of the server. */
  disconnected(): void {
    for (const text of this.#texts.values()) this.#unlink(text);
  }

  #unlink(text: OpenText): void {
    this.#stopTimer(text);
    text.linked = false;
    text.waiting = null;
    for (const done of text.settled.splice(0)) done();
  }

  /** The replica begins anew from a snapshot that holds all submissions up to `lastClientSeq` but the refused ones. */
  restarted(lastClientSeq: number, refused: ReadonlySet<number>): void {
    for (const text of this.#texts.values()) {
      const isKnown = ({ clientSeq }: Batch) =>
        clientSeq !== null && clientSeq <= lastClientSeq && !refused.has(clientSeq);
      for (const { update } of text.batches.filter(isKnown)) Y.applyUpdate(text.confirmed, update);
      text.batches = text.batches.filter((batch) => !isKnown(batch));
    }
  }

  /** There is a connection again, and the replica is up to date. */
  connected(): void {
    for (const text of [...this.#texts.values()]) {
      this.#follow(text);
      this.#orphan(text);
      if (text.users > 0 || hasPending(text)) this.#ask(text);
      else this.#drop(text);
    }
  }

  /** A deleted cell. */
  forget(cellId: string): void {
    const text = this.#texts.get(cellId);
    if (!text) return;
    this.#orphan(text);
    this.#unlink(text);
    if (text.users === 0) this.#drop(text);
  }

  /** A cell is back from the bin: its document of before is gone, and nobody answered who asked for it meanwhile. */
  revived(cellId: string): void {
    const text = this.#texts.get(cellId);
    if (!text || text.linked) return;
    this.#follow(text);
    this.#ask(text);
  }

  /** What has no cell to go to is handed to the owner, once. */
  #orphan(text: OpenText): void {
    if (!hasPending(text) || this.#options.confirmedText(text.cellId) !== null) return;
    Object.assign(text, { batches: [], outgoing: [] });
    this.#options.onOrphan(text.cellId, text.text);
  }

  #standIn(cellId: string, source: string): OpenText {
    const confirmed = new Y.Doc();
    confirmed.getText(TEXT_NAME).insert(0, source.toWellFormed());
    const text: OpenText = {
      cellId,
      users: 0,
      doc: newDoc(Y.encodeStateAsUpdate(confirmed)),
      undo: undefined as never,
      text: source,
      confirmed,
      linked: false,
      waiting: null,
      batches: [],
      outgoing: [],
      timer: null,
      refusals: 0,
      listeners: new Set(),
      settled: [],
      usedAt: 0,
    };
    text.undo = this.#watch(text);
    return text;
  }

  #ask(text: OpenText): void {
    this.#stopTimer(text);
    const request = ++this.#requests;
    const isSent = this.#options.confirmedText(text.cellId) !== null && this.#options.requestText(text.cellId, request);
    text.waiting = isSent ? request : null;
  }

  #follow(text: OpenText, splices: readonly Splice[] = []): void {
    const theirs = this.#options.confirmedText(text.cellId);
    if (theirs !== null) followText(text, theirs, splices);
  }

  /** What the server has not got, as changes of the confirmed text. Uses up `confirmed`. */
  #unsentChanges(text: OpenText): Splice[] {
    const changes: Splice[] = [];
    const shared = text.confirmed.getText(TEXT_NAME);
    const note = (event: Y.YTextEvent) => changes.push(...splicesOf(event.delta));
    shared.observe(note);
    for (const update of [...text.batches.map((batch) => batch.update), ...text.outgoing])
      Y.applyUpdate(text.confirmed, update);
    shared.unobserve(note);
    return changes;
  }

  #watch(text: OpenText): Y.UndoManager {
    const { doc } = text;
    const shared = doc.getText(TEXT_NAME);
    const undo = new Y.UndoManager(shared, { trackedOrigins: new Set([LOCAL]), captureTimeout: 600 });
    shared.observe((event, transaction) => {
      if (transaction.origin === LOCAL) return;
      const splices = splicesOf(event.delta);
      text.text = splices.reduce(splice, text.text);
      this.#tell(text, splices);
    });
    doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== LOCAL && origin !== undo) return;
      text.outgoing.push(update);
      if (text.linked && text.waiting === null) text.timer ??= setTimeout(() => this.#send(text), BATCH_MS);
    });
    return undo;
  }

  #send(text: OpenText): void {
    if (!text.linked || text.waiting !== null) return;
    this.#stopTimer(text);
    if (text.outgoing.length === 0) return;
    const update = Y.mergeUpdates(text.outgoing.splice(0));
    text.batches.push({ clientSeq: this.#options.submitEdit(text.cellId, encodeUpdate(update)), update });
  }

  #stopTimer(text: OpenText): void {
    if (text.timer !== null) clearTimeout(text.timer);
    text.timer = null;
  }

  #discardDocs(text: OpenText): void {
    this.#stopTimer(text);
    text.undo.destroy();
    text.doc.destroy();
    text.confirmed.destroy();
  }

  #drop(text: OpenText): void {
    this.#discardDocs(text);
    this.#texts.delete(text.cellId);
  }

  #tell(text: OpenText, splices: readonly Splice[]): void {
    if (splices.length === 0) return;
    for (const listener of text.listeners) listener(splices);
    this.#options.onText(text.cellId);
  }

  #handle(text: OpenText): TextHandle {
    const listeners = new Set<TextListener>();
    let released = false;
    return {
      cellId: text.cellId,
      get text() {
        return text.text;
      },
      edit: (splices) => {
        if (splices.length === 0) return;
        text.text = splices.reduce(splice, text.text);
        text.doc.transact(() => applyTo(text.doc.getText(TEXT_NAME), splices), LOCAL);
        // The same cell may be under edit in another pane of this page.
        for (const listener of text.listeners) if (!listeners.has(listener)) listener(splices);
        this.#options.onText(text.cellId);
      },
      onRemote: (listener) => {
        listeners.add(listener);
        text.listeners.add(listener);
        return () => {
          listeners.delete(listener);
          text.listeners.delete(listener);
        };
      },
      undo: () => void text.undo.undo(),
      redo: () => void text.undo.redo(),
      breakUndo: () => text.undo.stopCapturing(),
      release: () => {
        if (released) return;
        released = true;
        for (const listener of listeners) text.listeners.delete(listener);
        text.users -= 1;
        this.#send(text);
        if (this.#options.confirmedText(text.cellId) === null) this.forget(text.cellId);
        this.#evict();
      },
    };
  }

  #evict(): void {
    const idle = [...this.#texts.values()].filter(
      (text) => text.users === 0 && text.waiting === null && !hasPending(text),
    );
    if (idle.length <= KEPT_OPEN) return;
    const oldest = idle.reduce((a, b) => (a.usedAt < b.usedAt ? a : b));
    if (oldest.linked) this.#options.releaseText(oldest.cellId);
    this.#drop(oldest);
  }
}

const hasPending = ({ batches, outgoing }: OpenText) => batches.length > 0 || outgoing.length > 0;

const textOfDoc = (doc: Y.Doc) => doc.getText(TEXT_NAME).toString();

function newDoc(update: Uint8Array): Y.Doc {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, update);
  return doc;
}

/** Brings the confirmed document to `theirs`, and the difference into the one a person sees. */
function followText(text: OpenText, theirs: string, known: readonly Splice[] = []): void {
  const { confirmed, doc } = text;
  const before = textOfDoc(confirmed);
  // What was really done beats a guess: a difference may as well begin one equal letter further on.
  const changes = known.reduce(splice, before) === theirs ? known : diffText(before, theirs);
  if (changes.length === 0) return;
  const version = Y.encodeStateVector(confirmed);
  confirmed.transact(() => applyTo(confirmed.getText(TEXT_NAME), changes));
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(confirmed, version), "server");
}

function splice(text: string, { index, remove, insert }: Splice): string {
  return text.slice(0, index) + insert + text.slice(index + remove);
}

function applyTo(shared: Y.Text, splices: readonly Splice[]): void {
  for (const { index, remove, insert } of splices) {
    if (remove > 0) shared.delete(index, remove);
    if (insert !== "") shared.insert(index, insert.toWellFormed());
  }
}
