import { decodeUpdate, diffText, encodeUpdate, type Splice, splicesOf, TEXT_NAME } from "@opsbook/notebook/session";
import * as Y from "yjs";
import { mergeText, splice } from "./merge-text.ts";

/** How long typing is gathered into one edit, in milliseconds. */
const BATCH_MS = 50;
/** Cells kept open after their editor went, so that undo still knows what was typed there. */
const KEPT_OPEN = 12;

export interface TextDocsOptions {
  /** Asks the server for the cell's document; false while there is no connection. */
  requestText(cellId: string): boolean;
  releaseText(cellId: string): void;
  submitEdit(cellId: string, update: string): void;
  /** The text the server confirmed; null for a cell that is gone. */
  confirmedText(cellId: string): string | null;
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

interface Document {
  doc: Y.Doc;
  shared: Y.Text;
  undo: Y.UndoManager;
  outgoing: Uint8Array[];
  timer: ReturnType<typeof setTimeout> | null;
}

interface OpenText {
  cellId: string;
  users: number;
  document: Document | null;
  /** Without a document, or while a new one is on its way: the text as it is here, and what it was made from. */
  text: string;
  base: string | null;
  /** A `text-state` is awaited; typing stays here until it came. */
  waiting: boolean;
  listeners: Set<TextListener>;
  settled: (() => void)[];
  usedAt: number;
}

const LOCAL = Symbol("typed here");

/**
 * The text of the cells being edited. With a connection each has a Yjs document the server seeded; without one it is
 * plain text, and what was typed meanwhile goes to the next document as a difference. Documents never outlive a
 * connection: the server gives the ids to edit with per connection.
 */
export class TextDocs {
  #options: TextDocsOptions;
  #texts = new Map<string, OpenText>();
  #clock = 0;

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
      const source = this.#options.confirmedText(cellId) ?? "";
      text = {
        cellId,
        users: 0,
        document: null,
        text: source,
        base: source,
        waiting: false,
        listeners: new Set(),
        settled: [],
        usedAt: 0,
      };
      this.#texts.set(cellId, text);
    }
    text.users += 1;
    text.usedAt = ++this.#clock;
    if (!text.document) this.#ask(text);
    return this.#handle(text);
  }

  /** Sends what was typed and waits until it is on its way. False when that needs a connection there is not. */
  async flush(cellId: string): Promise<boolean> {
    const text = this.#texts.get(cellId);
    if (!text) return true;
    if (!text.document && text.text === text.base) return true;
    if (text.document && !text.waiting) {
      this.#send(text);
      return true;
    }
    if (!text.waiting) return false;
    await new Promise<void>((resolve) => text.settled.push(resolve));
    return this.#texts.get(cellId)?.document !== null;
  }

  /** Sends whatever waits for its batch, as when the page is about to go. */
  flushAll(): void {
    for (const text of this.#texts.values()) this.#send(text);
  }

  /**
   * The `text-state` frame, at the moment the replica is at the entry it names: earlier edits are in it, later ones
   * will come. It may be another document than before, seeded anew, so edits must never reach it twice.
   */
  load(cellId: string, state: { update: string; textClientId: number }): void {
    const text = this.#texts.get(cellId);
    if (!text?.waiting) return;
    const doc = new Y.Doc();
    doc.clientID = state.textClientId;
    const shared = doc.getText(TEXT_NAME);
    Y.applyUpdate(doc, decodeUpdate(state.update));
    const theirs = shared.toString();
    const mine = mergeText(text.base ?? theirs, text.text, theirs);
    this.#dropDocument(text);
    text.waiting = false;
    text.base = null;
    text.document = this.#watch(text, doc);
    const before = text.text;
    if (mine !== theirs) {
      doc.transact(() => applyTo(shared, diffText(theirs, mine)), LOCAL);
      text.document.undo.stopCapturing();
    }
    text.text = mine;
    this.#tell(text, diffText(before, mine));
    this.#send(text);
    for (const done of text.settled.splice(0)) done();
  }

  /** An edit the server put in its order, by anybody; called after the replica took it. */
  applied(cellId: string, update: string): void {
    const text = this.#texts.get(cellId);
    if (!text) return;
    if (text.document) {
      if (update !== "") Y.applyUpdate(text.document.doc, decodeUpdate(update), "server");
      return;
    }
    this.#follow(text);
  }

  /** The server refused an edit: its document and ours differ, so ours is made anew; what was typed is kept. */
  refused(cellId: string): void {
    const text = this.#texts.get(cellId);
    if (text && !text.waiting) this.#ask(text);
  }

  /** The connection went, and with it every document. `confirmed` still is the state from before. */
  disconnected(): void {
    for (const text of this.#texts.values()) {
      const confirmed = this.#options.confirmedText(text.cellId);
      if (text.document) text.base = text.base ?? confirmed ?? text.text;
      this.#dropDocument(text);
      text.waiting = false;
      for (const done of text.settled.splice(0)) done();
    }
  }

  /** There is a connection again, and the replica is up to date. */
  connected(): void {
    for (const text of [...this.#texts.values()]) {
      this.#follow(text);
      if (this.#options.confirmedText(text.cellId) === null) continue;
      if (text.users > 0 || text.text !== text.base) this.#ask(text);
      else this.#texts.delete(text.cellId);
    }
  }

  /** A deleted cell. */
  forget(cellId: string): void {
    const text = this.#texts.get(cellId);
    if (!text || text.users > 0) return;
    this.#dropDocument(text);
    this.#texts.delete(cellId);
  }

  #ask(text: OpenText): void {
    text.waiting = this.#options.requestText(text.cellId);
    if (text.document) this.#stopTimer(text.document);
  }

  /** Plain text goes along with the confirmed one. */
  #follow(text: OpenText): void {
    const theirs = this.#options.confirmedText(text.cellId);
    if (theirs === null || text.document || text.base === null) return;
    const before = text.text;
    text.text = mergeText(text.base, text.text, theirs);
    text.base = theirs;
    this.#tell(text, diffText(before, text.text));
  }

  #watch(text: OpenText, doc: Y.Doc): Document {
    const shared = doc.getText(TEXT_NAME);
    const undo = new Y.UndoManager(shared, { trackedOrigins: new Set([LOCAL]), captureTimeout: 600 });
    const document: Document = { doc, shared, undo, outgoing: [], timer: null };
    shared.observe((event, transaction) => {
      if (transaction.origin === LOCAL) return;
      const splices = splicesOf(event.delta);
      text.text = splices.reduce(splice, text.text);
      this.#tell(text, splices);
    });
    doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== LOCAL && origin !== undo) return;
      document.outgoing.push(update);
      if (!text.waiting) document.timer ??= setTimeout(() => this.#send(text), BATCH_MS);
    });
    return document;
  }

  #send(text: OpenText): void {
    const { document } = text;
    if (!document || text.waiting) return;
    this.#stopTimer(document);
    if (document.outgoing.length === 0) return;
    const update = encodeUpdate(Y.mergeUpdates(document.outgoing.splice(0)));
    this.#options.submitEdit(text.cellId, update);
  }

  #stopTimer(document: Document): void {
    if (document.timer !== null) clearTimeout(document.timer);
    document.timer = null;
  }

  #dropDocument(text: OpenText): void {
    if (!text.document) return;
    this.#stopTimer(text.document);
    text.document.undo.destroy();
    text.document.doc.destroy();
    text.document = null;
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
        const { document } = text;
        if (document) document.doc.transact(() => applyTo(document.shared, splices), LOCAL);
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
      undo: () => void text.document?.undo.undo(),
      redo: () => void text.document?.undo.redo(),
      breakUndo: () => text.document?.undo.stopCapturing(),
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
      (text) => text.users === 0 && !text.waiting && text.text === this.#options.confirmedText(text.cellId),
    );
    if (idle.length <= KEPT_OPEN) return;
    const oldest = idle.reduce((a, b) => (a.usedAt < b.usedAt ? a : b));
    if (oldest.document) this.#options.releaseText(oldest.cellId);
    this.#dropDocument(oldest);
    this.#texts.delete(oldest.cellId);
  }
}

function applyTo(shared: Y.Text, splices: readonly Splice[]): void {
  for (const { index, remove, insert } of splices) {
    if (remove > 0) shared.delete(index, remove);
    if (insert !== "") shared.insert(index, insert);
  }
}
