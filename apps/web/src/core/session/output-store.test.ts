import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OutputStore } from "./output-store.ts";

function setUp() {
  const asked: [string, number, number][] = [];
  const store = new OutputStore((id, offset, limit) => asked.push([id, offset, limit]) > 0);
  const push = (offset: number, text: string, more: { total?: number; requested?: boolean } = {}) => {
    const bytes = Buffer.byteLength(text);
    store.receive({ type: "output", outputId: "out-0001", offset, bytes, text, total: offset + bytes, ...more });
  };
  return { asked, store, push, text: () => store.stream("out-0001").text.plainText() };
}

describe("OutputStore", () => {
  it("appends what comes in order and says what it holds", () => {
    const { store, push, text } = setUp();
    push(0, "one\n");
    push(4, "two");
    assert.equal(text(), "one\ntwo");
    assert.deepEqual(store.offsets(), { "out-0001": 7 });
  });

  it("drops what it has, also where a frame brings half of it again", () => {
    const { push, text } = setUp();
    push(0, "häns");
    push(0, "häns");
    push(3, "nsel");
    assert.equal(text(), "hänsel");
  });

  it("asks for a gap and puts it in its place", () => {
    const { asked, push, text } = setUp();
    push(0, "a");
    push(3, "d");
    push(4, "e");
    assert.deepEqual(asked, [["out-0001", 1, 2]]);
    assert.equal(text(), "a");
    push(1, "bc", { requested: true });
    assert.equal(text(), "abcde");
  });

  it("passes over a gap that is wider than what is shown", () => {
    const { asked, store, push } = setUp();
    push(0, "head\n");
    push(5_000_000, "tail\n");
    const stream = store.stream("out-0001");
    assert.deepEqual(asked, []);
    assert.equal(stream.skipped, 5_000_000 - 5);
    assert.equal(stream.text.gapAt, 2);
    assert.equal(stream.text.lines[2]?.runs[0]?.text, "tail");
  });

  it("tells its listeners of each change and forgets what is shown nowhere", () => {
    const { store, push } = setUp();
    let calls = 0;
    const stop = store.subscribe("out-0001", () => {
      calls += 1;
    });
    push(0, "x");
    stop();
    push(1, "y");
    assert.equal(calls, 1);
    store.retain(new Set());
    assert.deepEqual(store.offsets(), {});
  });
});
