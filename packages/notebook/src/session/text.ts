import { fromBase64, toBase64 } from "lib0/buffer";
import * as Y from "yjs";
import { normalizeNewlines } from "../text.ts";
import { applySplices, rejected } from "./apply/index.ts";
import { LIMITS, type Rejected, type Splice } from "./operations.ts";

/**
 * Cell text under edit, one small Yjs document a cell, beside the plain state that holds the same text.
 * Documents live from the first `open-text` to the last `close-text` and never outlive a server epoch:
 * only the server seeds one, and each open gets a Yjs client id of its own.
 */

/** The name of the one shared type of a document. */
export const TEXT_NAME = "source";

export const encodeUpdate = (update: Uint8Array): string => toBase64(update);
export const decodeUpdate = (base64: string): Uint8Array => fromBase64(base64);

/** The smallest single replacement that turns one text into the other; empty where they are equal. */
export function diffText(before: string, after: string): Splice[] {
  if (before === after) return [];
  const shortest = Math.min(before.length, after.length);
  let start = 0;
  while (start < shortest && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  if (start > 0 && isHighSurrogate(before.charCodeAt(start - 1))) start -= 1;
  let end = 0;
  while (end < shortest - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  if (end > 0 && isLowSurrogate(before.charCodeAt(before.length - end))) end -= 1;
  return [{ index: start, remove: before.length - start - end, insert: after.slice(start, after.length - end) }];
}

const isHighSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;
const isLowSurrogate = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;

/** What a change of a Y.Text did, as splices to be applied one after the other. */
export function splicesOf(delta: Y.YTextEvent["delta"]): Splice[] {
  const splices: Splice[] = [];
  let index = 0;
  for (const step of delta) {
    if (step.retain !== undefined) index += step.retain;
    else if (step.delete !== undefined) splices.push({ index, remove: step.delete, insert: "" });
    else if (typeof step.insert === "string") {
      splices.push({ index, remove: 0, insert: step.insert });
      index += step.insert.length;
    }
  }
  return splices;
}

/** An update of no structs and no deletions. */
const NO_CHANGE = Uint8Array.of(0, 0);

/** Structs and ranges of deletions in one edit; each may cut a struct, which costs time in the size of the document. */
const MAX_PIECES = 20_000;

/** Where a document's clock ends, in characters ever typed by one opener of a cell. */
const MAX_CLOCK = 2 ** 31;

export interface TextChange {
  /** Base64; empty where nobody has the cell open. */
  update: string;
  splices: Splice[];
}

interface OpenText {
  doc: Y.Doc;
  /** Takes every update first, so that a bad one never touches `doc`. */
  shadow: Y.Doc;
  /** Yjs client ids handed out and not given back. */
  clients: Set<number>;
}

/** The server's side: owns the documents, hands out ids, refuses what is not an edit of the one text. */
export class TextDocs {
  #open = new Map<string, OpenText>();
  #nextClientId: number;

  /** `firstClientId`: any unsigned 31-bit number; differing between epochs makes mix-ups visible. */
  constructor(firstClientId: number) {
    this.#nextClientId = firstClientId;
  }

  /** Seeds the document from `source` when nobody has the cell open. */
  open(cellId: string, source: string): { update: string; textClientId: number } {
    let text = this.#open.get(cellId);
    if (!text) {
      const doc = this.#newDoc();
      // A lone half would be U+FFFD in every copy of the document, and Yjs splits the two differently.
      doc.getText(TEXT_NAME).insert(0, source.toWellFormed());
      text = { doc, shadow: copyOf(doc), clients: new Set() };
      this.#open.set(cellId, text);
    }
    const textClientId = this.#nextClientId++;
    text.clients.add(textClientId);
    return { update: encodeUpdate(Y.encodeStateAsUpdate(text.doc)), textClientId };
  }

  close(cellId: string, textClientId: number): void {
    const text = this.#open.get(cellId);
    if (!text?.clients.delete(textClientId) || text.clients.size > 0) return;
    this.drop(cellId);
  }

  /** For a deleted cell. */
  drop(cellId: string): void {
    const text = this.#open.get(cellId);
    text?.doc.destroy();
    text?.shadow.destroy();
    this.#open.delete(cellId);
  }

  /** Checks and applies an edit that `textClientId` sent. */
  accept(cellId: string, base64: string, textClientId: number | undefined): TextChange | Rejected {
    const text = this.#open.get(cellId);
    if (!text || textClientId === undefined || !text.clients.has(textClientId))
      return refused("the cell's text was not opened with this connection");
    const parsed = parse(base64);
    if (!parsed) return refused("the update cannot be read");
    const fault = structFault(parsed.decoded, textClientId);
    if (fault) return refused(fault);
    const { update } = parsed;
    const shadowFault = this.#tryOnShadow(text, update);
    if (shadowFault) {
      text.shadow.destroy();
      text.shadow = copyOf(text.doc);
      return refused(shadowFault);
    }
    return this.#change(text, () => Y.applyUpdate(text.doc, update));
  }

  /** The server's own edit: the whole text from `before` to `after`. */
  replace(cellId: string, before: string, after: string): TextChange {
    const splices = diffText(before, normalizeNewlines(after));
    const text = this.#open.get(cellId);
    if (!text) return { update: "", splices };
    const shared = text.doc.getText(TEXT_NAME);
    const { update } = this.#change(text, () => {
      text.doc.transact(() => {
        for (const { index, remove, insert } of splices) {
          shared.delete(index, remove);
          shared.insert(index, insert.toWellFormed());
        }
      });
    });
    Y.applyUpdate(text.shadow, decodeUpdate(update));
    return { update, splices };
  }

  /** Tells what the document really took up, in its own encoding, so that nothing a sender wrote travels on as it is. */
  #change({ doc }: OpenText, run: () => void): TextChange {
    const shared = doc.getText(TEXT_NAME);
    const before = shared.toString();
    let splices: Splice[] = [];
    let update: Uint8Array = NO_CHANGE;
    const onText = (event: Y.YTextEvent) => {
      splices = splicesOf(event.delta);
    };
    const onUpdate = (taken: Uint8Array) => {
      update = taken;
    };
    shared.observe(onText);
    doc.on("update", onUpdate);
    try {
      run();
    } finally {
      shared.unobserve(onText);
      doc.off("update", onUpdate);
    }
    const after = shared.toString();
    // Yjs puts U+FFFD in place of both halves of a surrogate pair it has to cut, and its delta does not tell.
    if (applySplices(before, splices) !== after) splices = diffText(before, after);
    return { update: encodeUpdate(update), splices };
  }

  #newDoc(): Y.Doc {
    const doc = new Y.Doc();
    doc.clientID = this.#nextClientId++;
    return doc;
  }

  #tryOnShadow(text: OpenText, update: Uint8Array): string | null {
    try {
      Y.applyUpdate(text.shadow, update);
    } catch {
      return "the update cannot be applied";
    }
    const { store, share } = text.shadow;
    if (store.pendingStructs || store.pendingDs) return "the update builds on text the server does not have";
    if (share.size !== 1) return "the update touches more than the cell's text";
    if (text.shadow.getText(TEXT_NAME).length > LIMITS.source)
      return `a cell holds at most ${LIMITS.source} characters; put the text into a file`;
    return null;
  }
}

function copyOf(doc: Y.Doc): Y.Doc {
  const copy = new Y.Doc();
  copy.getText(TEXT_NAME);
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  return copy;
}

type Update = ReturnType<typeof Y.decodeUpdate>;

function parse(base64: string): { update: Uint8Array; decoded: Update } | null {
  try {
    const update = decodeUpdate(base64);
    return { update, decoded: Y.decodeUpdate(update) };
  } catch {
    return null;
  }
}

/** Only strings, only under the one root, only under the sender's own id. Deletions may touch anybody's text. */
function structFault({ structs, ds }: Update, textClientId: number): string | null {
  let pieces = structs.length;
  for (const ranges of ds.clients.values()) pieces += ranges.length;
  if (pieces > MAX_PIECES) return "it changes too many places at once; replace the whole text instead";
  for (const struct of structs) {
    if (struct.id.client !== textClientId) return "the update carries another client's changes";
    // A collected struct stands for a part of something nested, which a cell's text never has.
    if (!(struct instanceof Y.Item)) return "the update skips changes the server never saw";
    if (struct.length < 1 || struct.id.clock + struct.length > MAX_CLOCK) return "the update cannot be applied";
    const parent: unknown = struct.parent;
    if (parent !== null && parent !== TEXT_NAME) return "the update touches more than the cell's text";
    if (struct.parentSub !== null) return "the update is not a change of text";
    if (struct.content instanceof Y.ContentDeleted) continue;
    if (!(struct.content instanceof Y.ContentString)) return "the update is not a change of text";
    if (struct.content.str.includes("\r")) return "line endings are LF";
  }
  return null;
}

const refused = (why: string): Rejected => rejected("text-refused", `The edit was refused: ${why}.`);
