import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as Y from "yjs";
import { Random } from "../testing/random.ts";
import { applySplices } from "./apply/index.ts";
import { sourceHash } from "./source-hash.ts";
import { TextClient } from "./testing/texts.ts";
import { diffText, type TextChange, TextDocs } from "./text.ts";

function accepted(docs: TextDocs, client: TextClient, update = client.take()): TextChange {
  const change = docs.accept("a", update, client.id);
  if ("ok" in change) throw new Error(change.message);
  return change;
}

describe("TextDocs", () => {
  test("[X1] only the server seeds: each opener gets the same text once and an id of its own", () => {
    const docs = new TextDocs(100);
    const ada = TextClient.open(docs, "a", "seed");
    const bob = TextClient.open(docs, "a", "another seed is not looked at");
    assert.deepEqual([ada.text, bob.text], ["seed", "seed"]);
    assert.notEqual(ada.id, bob.id);
    bob.receive(docs.open("a", "").update);
    assert.equal(bob.text, "seed");
  });

  test("[X2] edits made at the same time all stay, and everybody ends with the server's text", () => {
    const docs = new TextDocs(100);
    let source = "let x = 1";
    const [ada, bob] = [TextClient.open(docs, "a", source), TextClient.open(docs, "a", source)] as const;
    ada.shared.insert(9, "0;");
    bob.shared.delete(0, 3);
    bob.shared.insert(0, "const");
    for (const [sender, other] of [
      [ada, bob],
      [bob, ada],
    ] as const) {
      const change = accepted(docs, sender);
      other.receive(change.update);
      source = applySplices(source, change.splices) ?? "";
    }
    assert.deepEqual([source, ada.text, bob.text], Array(3).fill("const x = 10;"));
  });

  test("[X2] undo and redo between other people's edits are edits like others", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed);
      const docs = new TextDocs(100);
      let source = "begin";
      const clients = [1, 2, 3].map(() => TextClient.open(docs, "a", source));
      const undos = clients.map(({ shared }) => new Y.UndoManager(shared, { captureTimeout: 0 }));
      for (let step = 0; step < 150; step++) {
        const at = random.below(3);
        const [client, undo] = [clients[at]!, undos[at]!];
        const place = random.below(client.shared.length + 1);
        const action = random.below(6);
        if (action < 2) client.shared.insert(place, random.pick(["x", "yz", "\ud83d\ude00"]));
        else if (action === 2 && place < client.shared.length) client.shared.delete(place, 1);
        else if (action === 3) undo.undo();
        else if (action === 4) undo.redo();
        if (!client.isDirty || random.chance(40)) continue;
        const change = accepted(docs, client);
        source = applySplices(source, change.splices) ?? "";
        for (const other of clients) if (other !== client) other.receive(change.update);
      }
      for (const client of clients.filter(({ isDirty }) => isDirty)) {
        const change = accepted(docs, client);
        source = applySplices(source, change.splices) ?? "";
        for (const other of clients) other.receive(change.update);
      }
      assert.deepEqual(
        clients.map(({ text }) => text),
        Array(3).fill(source),
        `seed ${seed}`,
      );
    }
  });

  test("[X3] the last to close a cell ends its document; ids of before edit nothing any more", () => {
    const docs = new TextDocs(100);
    const ada = TextClient.open(docs, "a", "1");
    const bob = TextClient.open(docs, "a", "1");
    docs.close("a", ada.id);
    ada.shared.insert(0, "x");
    assert.match(refusal(docs, ada.take(), ada.id), /not opened with this connection/);
    docs.close("a", ada.id);
    bob.shared.insert(1, "y");
    assert.deepEqual(accepted(docs, bob).splices, [{ index: 1, remove: 0, insert: "y" }]);
    docs.close("a", bob.id);
    assert.equal(TextClient.open(docs, "a", "fresh").text, "fresh");
    assert.match(refusal(docs, "AAA=", undefined), /not opened/);
  });

  test("[X3] a deleted cell's document is gone for everybody", () => {
    const docs = new TextDocs(100);
    const ada = TextClient.open(docs, "a", "1");
    docs.drop("a");
    ada.shared.insert(0, "x");
    assert.match(refusal(docs, ada.take(), ada.id), /not opened/);
    docs.close("a", ada.id);
    docs.drop("a");
  });

  test("[X4] an edit sent twice counts once", () => {
    const docs = new TextDocs(100);
    const ada = TextClient.open(docs, "a", "");
    ada.shared.insert(0, "once");
    const update = ada.take();
    accepted(docs, ada, update);
    assert.deepEqual(accepted(docs, ada, update), { update: "AAA=", splices: [] });
    assert.equal(TextClient.open(docs, "a", "").text, "once");
  });

  test("[X5] replace edits an open document around what others type, and tells the splice alone otherwise", () => {
    const docs = new TextDocs(100);
    assert.deepEqual(docs.replace("a", "one two", "one 2\r\n"), {
      update: "",
      splices: [{ index: 4, remove: 3, insert: "2\n" }],
    });
    const ada = TextClient.open(docs, "a", "one two");
    ada.shared.insert(0, "> ");
    const change = docs.replace("a", "one two", "one 2");
    ada.receive(change.update);
    accepted(docs, ada);
    assert.equal(ada.text, "> one 2");
    assert.equal(TextClient.open(docs, "a", "").text, "> one 2");
    ada.shared.insert(ada.shared.length, "0");
    assert.deepEqual(accepted(docs, ada).splices, [{ index: 7, remove: 0, insert: "0" }]);
  });

  test("[X6] half a surrogate pair is U+FFFD in every document, one unit as before, and its text has the same name", () => {
    const docs = new TextDocs(100);
    const source = "a\ud83db\ude00c";
    const ada = TextClient.open(docs, "a", source);
    assert.equal(ada.text, "a\ufffdb\ufffdc");
    assert.equal(sourceHash(ada.text), sourceHash(source));
    ada.shared.insert(5, "!");
    assert.equal(applySplices(source, accepted(docs, ada).splices), "a\ud83db\ude00c!");
    const { update, splices } = docs.replace("a", `${source}!`, `\udc00${source}!`);
    ada.receive(update);
    assert.equal(ada.text, "\ufffda\ufffdb\ufffdc!");
    assert.equal(applySplices(`${source}!`, splices), `\udc00${source}!`);
    const bob = TextClient.open(docs, "a", "");
    assert.equal(bob.text, ada.text);
  });

  test("[X6] an edit that cuts a pair leaves the same text at the server and at everybody", () => {
    for (const cut of [
      (client: TextClient) => client.shared.insert(2, "x"),
      (client: TextClient) => client.shared.delete(2, 1),
    ]) {
      const docs = new TextDocs(100);
      const source = "a\ud83d\ude00b";
      const [ada, bob] = [TextClient.open(docs, "a", source), TextClient.open(docs, "a", source)] as const;
      cut(ada);
      const change = accepted(docs, ada);
      bob.receive(change.update);
      const late = TextClient.open(docs, "a", "");
      assert.deepEqual([ada.text, bob.text, late.text], Array(3).fill(applySplices(source, change.splices)));
    }
  });
});

describe("diffText", () => {
  test("[X7] what it says turns one text into the other and cuts no surrogate pair", () => {
    const seed = 20_260_101;
    const random = new Random(seed);
    const letters = ["a", "b", "\n", "\ud83d\ude00", "\ud83d\ude01", "\ud83e\ude00", "\ud83d", "\ude00", "e\u0301"];
    for (let round = 0; round < 3_000; round++) {
      const text = () => Array.from({ length: random.below(7) }, () => random.pick(letters)).join("");
      const [before, after] = [text(), text()];
      const splices = diffText(before, after);
      const message = `seed ${seed}, round ${round}: ${JSON.stringify([before, after, splices])}`;
      assert.equal(applySplices(before, splices), after, message);
      assert.equal(splices.length, before === after ? 0 : 1, message);
      if (before.isWellFormed() && after.isWellFormed())
        for (const { index, remove, insert } of splices) {
          const pieces = [
            insert,
            before.slice(0, index),
            before.slice(index, index + remove),
            before.slice(index + remove),
          ];
          assert.ok(
            pieces.every((piece) => piece.isWellFormed()),
            message,
          );
        }
    }
  });

  test("[X7] it says as little as one splice can", () => {
    assert.deepEqual(diffText("abc", "abXc"), [{ index: 2, remove: 0, insert: "X" }]);
    assert.deepEqual(diffText("aaa", "aa"), [{ index: 2, remove: 1, insert: "" }]);
    assert.deepEqual(diffText("", "x"), [{ index: 0, remove: 0, insert: "x" }]);
    assert.deepEqual(diffText("same", "same"), []);
  });
});

function refusal(docs: TextDocs, update: string, id: number | undefined): string {
  const result = docs.accept("a", update, id);
  assert.ok("ok" in result && result.code === "text-refused");
  return result.message;
}
