import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isCellId, newCellId } from "./cell-id.ts";
import { MAX_DEPTH } from "./json-read.ts";
import { parseNotebook } from "./parse.ts";
import { serializeNotebook } from "./serialize.ts";
import { Random } from "./testing/random.ts";
import { randomNotebook } from "./testing/random-file.ts";

function file(cells: unknown[], more: object = {}): string {
  return JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5, ...more });
}

function refusal(text: string) {
  const result = parseNotebook(text);
  assert.ok(!result.ok, "must be refused");
  return result;
}

function accepted(text: string) {
  const result = parseNotebook(text);
  assert.ok(result.ok, result.ok ? "" : result.message);
  return result;
}

const code = { cell_type: "code", id: "c", metadata: {}, source: "", outputs: [], execution_count: null };
const stream = { output_type: "stream", name: "stdout", text: "x" };

describe("[part of 3.5-ipynb] what is no notebook is refused with its reason", () => {
  test("the place of a JSON fault, counted from 1", () => {
    const { code, line, column, message } = refusal('{\n "cells": [,]\n}');
    assert.deepEqual({ code, line, column }, { code: "not-json", line: 2, column: 12 });
    assert.match(message, /line 2, column 12: expected a JSON value, found ","/);
  });

  for (const [text, reason] of [
    ['{"a" 1}', /expected ":"/],
    ["{'a': 1}", /double quotes/],
    ['{"a": "b', /no closing quote/],
    ['{"a": "\\x"}', /wrong escape/],
    ['{"a": "\n"}', /control character/],
    ['{"a": 01}', /expected "," or "}"/],
    ["{} {}", /expected the end of the file/],
    ["[1,]", /expected a JSON value/],
    ['{"a": [1', /the file ends here/],
  ] as const) {
    test(`JSON: ${JSON.stringify(text)}`, () => assert.match(refusal(text).message, reason));
  }

  test("nesting a million deep is an answer, not a stack overflow", () => {
    for (const open of ["[", '{"a":']) assert.equal(refusal(open.repeat(1_000_000)).code, "too-deep");
  });

  test("the deepest nesting that is read can be written again", () => {
    const deep = "[".repeat(MAX_DEPTH - 2) + "]".repeat(MAX_DEPTH - 2);
    const text = `{"cells":[],"metadata":{"deep":${deep}},"nbformat":4,"nbformat_minor":5}`;
    assert.equal(serializeNotebook(accepted(text).notebook), text);
    assert.equal(refusal(text.replace(deep, `[${deep}]`)).code, "too-deep");
  });

  test("an empty file, merge conflicts, other formats say what to do", () => {
    assert.equal(refusal(" \n").code, "empty");
    assert.equal(refusal('{\n<<<<<<< HEAD\n"a": 1\n=======\n"a": 2\n>>>>>>> x\n}').code, "merge-conflict");
    const old = refusal('{"nbformat": 3, "nbformat_minor": 0, "worksheets": []}');
    assert.equal(old.code, "unsupported-version");
    assert.match(old.message, /format 3.*nbconvert --to notebook/);
    assert.match(refusal('{"nbformat": 5, "nbformat_minor": 0, "cells": []}').message, /format 5, newer/);
  });

  for (const [path, text] of [
    ["$", "[]"],
    ["$.nbformat", '{"name": "not a notebook"}'],
    ["$.cells", file([]).replace('"cells":[]', '"cells":{}')],
    ["$.metadata", file([], { metadata: [] })],
    ["$.cells[1].cell_type", file([code, { ...code, cell_type: "heading" }])],
    ["$.cells[0].source", file([{ ...code, source: ["a", 1] }])],
    ["$.cells[0].outputs[0].output_type", file([{ ...code, outputs: [{ output_type: "pyout" }] }])],
    ["$.cells[0].outputs[0].text", file([{ ...code, outputs: [{ ...stream, text: 5 }] }])],
    [
      "$.cells[0].outputs[1].data",
      file([{ ...code, outputs: [stream, { output_type: "display_data", metadata: {} }] }]),
    ],
    ['$.cells[0].attachments["a b.png"]', file([{ ...code, cell_type: "markdown", attachments: { "a b.png": 1 } }])],
  ] as const) {
    test(`the path ${path}`, () => {
      const result = refusal(text);
      assert.equal(result.code, "invalid-notebook");
      assert.equal(result.path, path);
    });
  }

  test("no damage to a real file makes the reader throw", () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const random = new Random(seed);
      const text = randomNotebook(random);
      const at = random.below(text.length);
      const junk = random.pick(["", "{", "]", '"', "\\", "null", ",", "\ud800", "-", "9"]);
      const result = parseNotebook(text.slice(0, at) + junk + text.slice(at + random.below(8)));
      if (result.ok) assert.ok(parseNotebook(serializeNotebook(result.notebook)).ok, `seed ${seed}`);
      else assert.ok(result.message.length > 10, `seed ${seed}`);
    }
  });
});

describe("[part of 3.5-ipynb] repairs", () => {
  const bare = { cell_type: "code", metadata: {}, source: "1+1", outputs: [], execution_count: null };

  test("files before 4.5 get ids, the same at every reading", () => {
    const text = file([bare, bare, { ...bare, source: "2" }], { nbformat_minor: 2 });
    const { notebook, warnings } = accepted(text);
    assert.equal(notebook.nbformat_minor, 5);
    const ids = notebook.cells.map((cell) => cell.id);
    assert.equal(new Set(ids).size, 3);
    assert.ok(ids.every(isCellId));
    assert.deepEqual(
      accepted(text).notebook.cells.map((cell) => cell.id),
      ids,
    );
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ["upgraded"],
    );
  });

  test("ids used twice or malformed are replaced with a warning, the first owner keeps its id", () => {
    const cells = [
      { ...bare, id: "a" },
      { ...bare, id: "a" },
      { ...bare, id: "no spaces" },
      { ...bare, id: 7 },
      { ...bare, id: "x".repeat(65) },
    ];
    const { notebook, warnings } = accepted(file(cells));
    assert.equal(notebook.cells[0]?.id, "a");
    assert.equal(new Set(notebook.cells.map((cell) => cell.id)).size, 5);
    assert.deepEqual(
      warnings.map(({ code, path }) => [code, path]),
      [1, 2, 3, 4].map((at) => ["cell-id", `$.cells[${at}].id`]),
    );
    const again = accepted(serializeNotebook(notebook));
    assert.deepEqual(again.warnings, []);
  });

  test("a made id never takes one that a later cell has", () => {
    const made = accepted(file([bare], { nbformat_minor: 4 })).notebook.cells[0]?.id;
    const { notebook } = accepted(file([bare, { ...bare, id: made }]));
    assert.equal(notebook.cells[1]?.id, made);
    assert.notEqual(notebook.cells[0]?.id, made);
  });

  test("what is missing or out of range is filled in and told", () => {
    const cells = [{ cell_type: "code", id: "a", execution_count: -1 }];
    const { notebook, warnings } = accepted(`{"cells":${JSON.stringify(cells)},"nbformat":4,"nbformat_minor":7}`);
    assert.deepEqual(
      warnings.map(({ path }) => path),
      [
        "$.nbformat_minor",
        "$.metadata",
        "$.cells[0].source",
        "$.cells[0].metadata",
        "$.cells[0].outputs",
        "$.cells[0].execution_count",
      ],
    );
    assert.equal(notebook.nbformat_minor, 7);
    assert.match(serializeNotebook(notebook), /"nbformat_minor":7/);
  });

  test("100,000 faults do not make 100,000 warnings", () => {
    const { warnings } = accepted(file(Array.from({ length: 100_000 }, () => bare)));
    assert.equal(warnings.length, 101);
    assert.match(warnings.at(-1)?.message ?? "", /99900 more/);
  });

  test("new ids are valid and differ", () => {
    const ids = new Set(Array.from({ length: 1000 }, newCellId));
    assert.equal(ids.size, 1000);
    assert.ok([...ids].every(isCellId));
  });
});
