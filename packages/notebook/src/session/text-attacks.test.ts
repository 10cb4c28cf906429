import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import * as Y from "yjs";
import { LIMITS } from "./operations.ts";
import { type RawStruct, rawUpdate, TextClient } from "./testing/texts.ts";
import { decodeUpdate, encodeUpdate, TEXT_NAME, TextDocs } from "./text.ts";

const SEED = "seed";
let docs: TextDocs;
let eve: TextClient;
let ada: TextClient;

beforeEach(() => {
  docs = new TextDocs(100);
  ada = TextClient.open(docs, "a", SEED);
  eve = TextClient.open(docs, "a", SEED);
});

/** The update is refused, leaves no trace, and the same sender's next good edit is taken. */
function assertRefused(update: string, why: RegExp, id = eve.id): void {
  const result = docs.accept("a", update, id);
  assert.ok("ok" in result, "the update was taken");
  assert.equal(result.code, "text-refused");
  assert.match(result.message, why);
  const next = TextClient.open(docs, "a", SEED);
  assert.equal(next.text, SEED, "the refused update left a trace");
  assert.deepEqual([...next.doc.share.keys()], [TEXT_NAME]);
  ada.shared.insert(ada.shared.length, "!");
  const change = docs.accept("a", ada.take(), ada.id);
  assert.ok(!("ok" in change), "a good edit after it was refused");
  assert.deepEqual(change.splices, [{ index: SEED.length, remove: 0, insert: "!" }]);
}

const mine = (...structs: RawStruct[]) => rawUpdate([{ client: eve.id, clock: 0, structs }]);
const updateOf = (change: (doc: Y.Doc) => void): string => {
  const doc = new Y.Doc();
  doc.clientID = eve.id;
  change(doc);
  return encodeUpdate(Y.encodeStateAsUpdate(doc));
};

describe("[T11] [T12] updates that no editor of ours sends", () => {
  test("[X8] under another person's id, under the server's, under nobody's", () => {
    for (const client of [ada.id, 100, 999_999, 2 ** 40]) {
      docs = new TextDocs(100);
      ada = TextClient.open(docs, "a", SEED);
      eve = TextClient.open(docs, "a", SEED);
      const forged = rawUpdate([{ client, clock: 0, structs: [{ ref: 4, content: ["forged"] }] }]);
      assertRefused(forged, /another client's changes/);
    }
  });

  test("[X8] one's own change with another's beside it", () => {
    const both = [eve.id, ada.id].map((client) => ({ client, clock: 0, structs: [{ ref: 4, content: ["x"] }] }));
    assertRefused(rawUpdate(both), /another client's changes/);
  });

  test("[X8] with an id that was given for another cell", () => {
    const other = TextClient.open(docs, "b", "");
    assertRefused(
      rawUpdate([{ client: other.id, clock: 0, structs: [{ ref: 4, content: ["x"] }] }]),
      /not opened/,
      other.id,
    );
  });

  test("[X9] another root, among them names of prototypes", () => {
    for (const root of ["outputs", "execution_count", "__proto__", "constructor", ""])
      assert.match(message(mine({ ref: 4, parent: root, content: ["x"] })), /more than the cell's text/, root);
    assertRefused(
      updateOf((doc) => doc.getMap("outputs").set("0", "forged")),
      /more than the cell's text/,
    );
    assert.equal(({} as Record<string, unknown>).role, undefined);
  });

  test("[X9] the text as a map, nested types, embeds, formats, sub-documents, binary and JSON", () => {
    const root = (doc: Y.Doc) => doc.get(TEXT_NAME) as Y.AbstractType<unknown>;
    assert.match(message(mine({ ref: 4, parentSub: "__proto__", content: ["x"] })), /not a change of text/);
    assert.match(message(updateOf((doc) => doc.getText(TEXT_NAME).insertEmbed(0, { image: "x" }))), /not a change/);
    assert.match(message(updateOf((doc) => doc.getText(TEXT_NAME).insertEmbed(0, new Y.Map()))), /not a change/);
    assert.match(message(updateOf((doc) => doc.getText(TEXT_NAME).insert(0, "b", { bold: true }))), /not a change/);
    assert.match(message(updateOf((doc) => doc.getArray(TEXT_NAME).insert(0, [{ a: 1 }]))), /not a change/);
    assert.match(message(updateOf((doc) => doc.getArray(TEXT_NAME).insert(0, [Uint8Array.of(1)]))), /not a change/);
    assert.match(message(updateOf((doc) => doc.getArray(TEXT_NAME).insert(0, [new Y.Doc()]))), /not a change/);
    assert.match(message(updateOf((doc) => void root(doc).doc?.getMap(TEXT_NAME).set("k", 1))), /not a change/);
    assertRefused(mine({ ref: 4, parent: [eve.id, 0], content: ["x"] }), /more than the cell's text/);
  });

  test("[X10] collected and skipped structs", () => {
    assert.match(message(mine({ ref: 0, content: [3] }, { ref: 4, content: ["x"] })), /skips changes/);
    assertRefused(mine({ ref: 10, content: [3] }, { ref: 4, content: ["x"] }), /skips changes/);
  });

  test("[X10] changes that build on some the server does not have", () => {
    const gap = rawUpdate([{ client: eve.id, clock: 5, structs: [{ ref: 4, content: ["x"] }] }]);
    assert.match(message(gap), /does not have|cannot be applied/);
    assert.match(message(mine({ ref: 4, origin: [ada.id, 50], content: ["x"] })), /does not have|cannot be applied/);
    assert.match(message(mine({ ref: 4, origin: [eve.id, 50], content: ["x"] })), /does not have|cannot be applied/);
    assert.match(message(rawUpdate([], [[100, 2, 50]])), /does not have/);
    assertRefused(rawUpdate([], [[777, 0, 1]]), /does not have/);
  });

  test("[X10] the first half missing, then the whole: nothing of the first try is left", () => {
    eve.shared.insert(0, "one ");
    const first = eve.take();
    eve.shared.insert(4, "two ");
    const second = eve.take();
    assert.match(message(second), /does not have/);
    for (const update of [first, second]) assert.ok(!("ok" in docs.accept("a", update, eve.id)));
    assert.equal(TextClient.open(docs, "a", "").text, "one two seed");
  });

  test("[X11] structs of no length, and clocks beyond all typing", () => {
    assert.match(message(mine({ ref: 4, content: [""] })), /cannot be applied/);
    assert.match(message(mine({ ref: 1, content: [0] })), /cannot be applied/);
    assert.match(message(mine({ ref: 1, content: [2 ** 31 + 1] })), /cannot be applied/);
    assertRefused(mine({ ref: 1, content: [2 ** 52] }, { ref: 4, content: ["x"] }), /cannot be applied/);
  });

  test("[X11] more places than one edit may touch", () => {
    const ranges = Array.from({ length: 20_001 }, (_, at): [number, number, number] => [100 + at, 0, 1]);
    assertRefused(rawUpdate([], ranges), /too many places/);
  });

  test("[X12] carriage returns, and a text beyond the limit, also in two halves", () => {
    eve.shared.insert(0, "a\r\nb");
    assert.match(message(eve.take()), /line endings are LF/);
    eve = TextClient.open(docs, "a", "");
    eve.shared.insert(0, "x".repeat(LIMITS.source / 2));
    const half = docs.accept("a", eve.take(), eve.id);
    assert.ok(!("ok" in half));
    eve.shared.insert(0, "x".repeat(LIMITS.source / 2));
    assert.match(message(eve.take()), /at most 1048576 characters/);
    eve = TextClient.open(docs, "a", "");
    assert.equal(eve.text.length, LIMITS.source / 2 + SEED.length);
  });

  test("[X13] bytes that are no update: cut at every place, of random length, text that is not UTF-8", () => {
    const good = decodeUpdate(mine({ ref: 4, content: ["hello"] }));
    for (let length = 0; length < good.length; length++) {
      const result = docs.accept("a", encodeUpdate(good.slice(0, length)), eve.id);
      assert.ok("ok" in result, `cut at ${length}`);
    }
    for (const base64 of ["", "!!!", "////", "AQ==", "gICAgICAgICAgIA="]) message(base64);
    const bytes = decodeUpdate(mine({ ref: 4, content: ["????"] }));
    const at = bytes.indexOf("?".charCodeAt(0));
    bytes.set([0xed, 0xa0, 0xbd, 0x41], at);
    assertRefused(encodeUpdate(bytes), /cannot be read/);
  });

  test("[X13] what goes to the others is written by the server, whatever stood around the change", () => {
    const bytes = decodeUpdate(mine({ ref: 4, content: ["x"] }));
    const noisy = `${encodeUpdate(Uint8Array.from([...bytes, 9, 9, 9]))}#~`;
    const change = docs.accept("a", noisy, eve.id);
    assert.ok(!("ok" in change));
    assert.match(change.update, /^[A-Za-z0-9+/]+={0,2}$/);
    assert.deepEqual(decodeUpdate(change.update), bytes);
    ada.receive(change.update);
    assert.equal(ada.text, TextClient.open(docs, "a", "").text);
  });

  test("[X14] another one's text may be deleted, which is what editing together means", () => {
    const change = docs.accept("a", rawUpdate([], [[100, 0, 4]]), eve.id);
    assert.deepEqual("ok" in change ? change.code : change.splices, [{ index: 0, remove: 4, insert: "" }]);
  });

  test("[X14] text typed and deleted before it was sent is taken", () => {
    eve.shared.insert(2, "wrong");
    eve.shared.delete(2, 5);
    eve.shared.insert(2, "r");
    const change = docs.accept("a", encodeUpdate(Y.encodeStateAsUpdate(eve.doc, Y.encodeStateVector(ada.doc))), eve.id);
    assert.deepEqual("ok" in change ? change.message : change.splices, [{ index: 2, remove: 0, insert: "r" }]);
  });
});

function message(update: string): string {
  const result = docs.accept("a", update, eve.id);
  assert.ok("ok" in result, "the update was taken");
  assert.equal(result.code, "text-refused");
  return result.message;
}
