import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { decodeUpdate, encodeUpdate, TEXT_NAME, type TextDocs } from "../text.ts";

/** One person's side of an open cell. */
export class TextClient {
  readonly id: number;
  readonly doc = new Y.Doc();
  readonly #outgoing: Uint8Array[] = [];

  constructor(opened: { update: string; textClientId: number }) {
    this.id = opened.textClientId;
    Y.applyUpdate(this.doc, decodeUpdate(opened.update), "server");
    this.doc.clientID = opened.textClientId;
    this.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== "server") this.#outgoing.push(update);
    });
  }

  static open(docs: TextDocs, cellId: string, source: string): TextClient {
    return new TextClient(docs.open(cellId, source));
  }

  get shared(): Y.Text {
    return this.doc.getText(TEXT_NAME);
  }

  get text(): string {
    return this.shared.toString();
  }

  get isDirty(): boolean {
    return this.#outgoing.length > 0;
  }

  /** What was typed since the last call, as one edit. */
  take(): string {
    return encodeUpdate(Y.mergeUpdates(this.#outgoing.splice(0)));
  }

  receive(update: string): void {
    if (update !== "") Y.applyUpdate(this.doc, decodeUpdate(update), "server");
  }
}

export interface RawStruct {
  /** Number of the content type in Yjs's update format, version 1: 0 GC, 1 deleted, 4 string, 7 type, 10 skip. */
  ref: number;
  origin?: [client: number, clock: number];
  /** Root name, or the item the parent is. Written where there is no origin. */
  parent?: string | [client: number, clock: number];
  parentSub?: string;
  /** What follows the head: a text is written with its length, a number as it is. */
  content: (string | number)[];
}

/** An update written by hand, as no Yjs would. `deletes`: client, clock, length. */
export function rawUpdate(
  blocks: { client: number; clock: number; structs: RawStruct[] }[],
  deletes: [client: number, clock: number, length: number][] = [],
): string {
  const out = encoding.createEncoder();
  encoding.writeVarUint(out, blocks.length);
  for (const { client, clock, structs } of blocks) {
    encoding.writeVarUint(out, structs.length);
    encoding.writeVarUint(out, client);
    encoding.writeVarUint(out, clock);
    for (const struct of structs) writeStruct(out, struct);
  }
  encoding.writeVarUint(out, deletes.length);
  for (const [client, clock, length] of deletes)
    for (const value of [client, 1, clock, length]) encoding.writeVarUint(out, value);
  return encodeUpdate(encoding.toUint8Array(out));
}

function writeStruct(out: encoding.Encoder, { ref, origin, parent = TEXT_NAME, parentSub, content }: RawStruct): void {
  encoding.writeUint8(out, ref | (origin ? 0x80 : 0) | (parentSub === undefined ? 0 : 0x20));
  const isItem = ref !== 0 && ref !== 10;
  if (origin) for (const value of origin) encoding.writeVarUint(out, value);
  else if (isItem) {
    encoding.writeVarUint(out, typeof parent === "string" ? 1 : 0);
    if (typeof parent === "string") encoding.writeVarString(out, parent);
    else for (const value of parent) encoding.writeVarUint(out, value);
    if (parentSub !== undefined) encoding.writeVarString(out, parentSub);
  }
  for (const part of content)
    if (typeof part === "string") encoding.writeVarString(out, part);
    else encoding.writeVarUint(out, part);
}
