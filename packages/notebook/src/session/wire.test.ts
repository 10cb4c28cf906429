import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MAX_VALUE_DEPTH } from "./json.ts";
import { entrySchema, LIMITS, type Operation, serverOperationSchema, userOperationSchema } from "./operations.ts";
import { EXAMPLES } from "./testing/examples.ts";
import { ADA } from "./testing/fixtures.ts";
import { TextDocs } from "./text.ts";
import { CLOSE_CODES, clientFrameSchema, serverFrameSchema } from "./wire.ts";

const overJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const isUser = (value: unknown) => userOperationSchema.safeParse(value).success;
const userExamples = EXAMPLES.filter((op) => userOperationSchema.safeParse(op).success);
const submit = (op: unknown) => ({ type: "submit", clientSeq: 1, op });
const setMetadata = (json: string) =>
  clientFrameSchema.safeParse(JSON.parse(`{"type":"submit","clientSeq":1,"op":${json}}`));

describe("operations", () => {
  test("[W1] [T12] [T13] a person can submit no server fact", () => {
    const facts = EXAMPLES.filter((op) => serverOperationSchema.safeParse(op).success);
    assert.equal(facts.length, serverOperationSchema.options.length);
    for (const op of facts) assert.equal(clientFrameSchema.safeParse(submit(op)).success, false, op.type);
    assert.equal(userExamples.length, userOperationSchema.options.length);
    for (const op of userExamples) assert.equal(clientFrameSchema.safeParse(submit(op)).success, true, op.type);
  });

  test("[W2] [T12] keys outside the schema are refused, so nothing rides along", () => {
    for (const op of userExamples)
      for (const key of ["outputs", "execution_count", "by", "at", "seq", "role"])
        assert.equal(isUser({ ...op, [key]: 1 }), false, `${op.type} with ${key}`);
    const [insert] = userExamples;
    assert.equal(clientFrameSchema.safeParse({ ...submit(insert), by: ADA }).success, false);
  });

  test("[W3] every entry comes out of JSON as it went in", () => {
    for (const op of EXAMPLES) {
      const entry = { seq: 7, at: 1_700_000_000_000, by: ADA, origin: { clientId: "tab-0001", clientSeq: 3 }, op };
      assert.deepEqual(entrySchema.parse(overJson(entry)), entry);
      assert.deepEqual(serverFrameSchema.parse(overJson({ type: "op", entry })), { type: "op", entry });
    }
  });

  test("[W3] the edit that fills a cell with the longest text is an entry everybody can read", () => {
    const docs = new TextDocs(100);
    docs.open("a", "x".repeat(LIMITS.source));
    const change = docs.replace("a", "x".repeat(LIMITS.source), "\u4e00".repeat(LIMITS.source));
    const entry = { seq: 1, at: 0, by: null, op: { type: "edit-source", cellId: "a", ...change } };
    assert.equal(entrySchema.safeParse(entry).success, true);
  });

  test("[W4] [T11] __proto__ in a submission is refused with what to do, on every level", () => {
    for (const json of [
      '{"type":"set-metadata","cellId":null,"set":{"__proto__":{"role":"admin"}},"unset":[]}',
      '{"type":"set-metadata","cellId":"a","set":{"a":[{"__proto__":1}]},"unset":[]}',
      '{"type":"insert-cell","cellId":"a","cellType":"code","source":"","metadata":{"__proto__":{}},"after":null,"index":0}',
    ]) {
      const result = setMetadata(json);
      assert.match(result.error?.message ?? "", /write it as \$__proto__/);
    }
    assert.equal(setMetadata('{"type":"interrupt-kernel","__proto__":{"type":"execution-started"}}').success, false);
    const kept = setMetadata(
      '{"type":"set-metadata","cellId":null,"set":{"$__proto__":1,"constructor":{"prototype":2}},"unset":[]}',
    );
    assert.deepEqual(kept.data, {
      type: "submit",
      clientSeq: 1,
      op: { type: "set-metadata", cellId: null, set: { $__proto__: 1, constructor: { prototype: 2 } }, unset: [] },
    });
    assert.equal(({} as Record<string, unknown>).role, undefined);
  });

  test("[W5] values that nest without end, and values that are none, are refused without a crash", () => {
    const set = (value: unknown) => isUser({ type: "set-metadata", cellId: null, set: { value }, unset: [] });
    const nested = (depth: number): unknown => JSON.parse("[".repeat(depth) + "]".repeat(depth));
    assert.equal(set(nested(MAX_VALUE_DEPTH - 1)), true);
    assert.equal(set(nested(MAX_VALUE_DEPTH + 1)), false);
    assert.equal(set(nested(500_000)), false);
    assert.equal(set(Number.NaN), false);
    assert.equal(set(undefined), false);
    assert.equal(isUser({ type: "set-metadata", cellId: null, unset: [] }), false);
  });

  test("[W6] beyond the limits a submission is refused, never cut", () => {
    const long = "x".repeat(LIMITS.source + 1);
    const run = { executionId: "run-0001", cellId: "a", sourceHash: "0" };
    assert.equal(isUser({ type: "set-source", cellId: "a", source: long.slice(1) }), true);
    assert.equal(isUser({ type: "set-source", cellId: "a", source: long }), false);
    assert.equal(isUser({ type: "run-cells", runs: Array.from({ length: LIMITS.runs }, () => run) }), true);
    assert.equal(isUser({ type: "run-cells", runs: Array.from({ length: LIMITS.runs + 1 }, () => run) }), false);
    assert.equal(isUser({ type: "run-cells", runs: [] }), false);
    assert.equal(isUser({ type: "answer-prompt", promptId: "ask-0001", value: "x".repeat(LIMITS.answer + 1) }), false);
  });

  test("[W7] ids are what may stand in a file, a URL and a key", () => {
    for (const cellId of ["a", "A-_9", "x".repeat(64)]) assert.equal(isUser({ type: "delete-cell", cellId }), true);
    for (const cellId of ["", "x".repeat(65), "a b", "../x", "a\n", "ä", 1, null])
      assert.equal(isUser({ type: "delete-cell", cellId }), false, String(cellId));
    for (const executionId of ["short", "__proto__", "x".repeat(65), "a/b/c/d/e"])
      assert.equal(isUser({ type: "cancel-run", executionId }), false, executionId);
  });

  test("[W8] an entry's time is one a Date can hold", () => {
    const at = (value: number) => entrySchema.safeParse({ seq: 1, at: value, by: null, op: EXAMPLES[0] }).success;
    assert.deepEqual([at(0), at(8.64e15), at(8.64e15 + 2), at(-1)], [true, true, false, false]);
  });
});

describe("frames", () => {
  const hello = (outputs: string) =>
    clientFrameSchema.safeParse(
      JSON.parse(`{"type":"hello","protocol":1,"clientId":"tab-0001","epoch":null,"lastSeq":0,"outputs":${outputs}}`),
    );

  test("[W9] hello tells the bytes held of each output; [T11] a name that would be dropped is refused", () => {
    assert.deepEqual(hello('{"out-0001":5}').data, {
      type: "hello",
      protocol: 1,
      clientId: "tab-0001",
      epoch: null,
      lastSeq: 0,
      outputs: { "out-0001": 5 },
    });
    for (const bad of ['{"__proto__":5}', '{"out-0001":-1}', '{"short":1}', "[]", "null", "1"])
      assert.equal(hello(bad).success, false, bad);
  });

  test("[W10] presence carries a place and no identity", () => {
    const presence = { cellId: "a", selection: { anchor: 1, head: 2 }, mode: "edit" };
    assert.equal(clientFrameSchema.safeParse({ type: "presence", presence }).success, true);
    assert.equal(clientFrameSchema.safeParse({ type: "presence", presence, user: ADA }).success, false);
    assert.equal(
      clientFrameSchema.safeParse({ type: "presence", presence: { ...presence, user: ADA } }).success,
      false,
    );
  });

  test("[W11] what only the server says cannot be sent to it, and the reverse", () => {
    for (const type of ["welcome", "accepted", "op", "output", "text-state", "save", "pong"])
      assert.equal(clientFrameSchema.safeParse({ type }).success, false, type);
    const fetch = { type: "fetch-output", outputId: "out-0001", offset: 0, limit: 1_048_577 };
    assert.equal(clientFrameSchema.safeParse(fetch).success, false);
    assert.equal(serverFrameSchema.safeParse({ type: "ping", at: 1 }).success, false);
  });

  test("[W12] each close code has a name of its own and tells the person what to do", () => {
    const rows = Object.entries(CLOSE_CODES);
    assert.equal(new Set(rows.map(([, { name }]) => name)).size, rows.length);
    for (const [code, { message }] of rows) {
      assert.ok(Number(code) >= 4000 && Number(code) <= 4999, "RFC 6455, section 7.4.2: private use");
      assert.match(message, /\.$/);
    }
  });
});

const everyType: Operation["type"][] = EXAMPLES.map(({ type }) => type);
test("[W3] the examples name every operation", () => {
  const types = [...userOperationSchema.options, ...serverOperationSchema.options].map(({ shape }) => shape.type.value);
  assert.deepEqual(everyType.toSorted(), types.toSorted());
});
