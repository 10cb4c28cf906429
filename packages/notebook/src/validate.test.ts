import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { newCell, newNotebook } from "./new-notebook.ts";
import { parseNotebook } from "./parse.ts";
import { notebookToJson, serializeNotebook } from "./serialize.ts";
import { Random } from "./testing/random.ts";
import { randomNotebook } from "./testing/random-file.ts";
import { validateNotebook } from "./validate.ts";

const cell = { cell_type: "code", id: "a", metadata: {}, source: "", outputs: [], execution_count: null };
const file = (cells: unknown[]) => ({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 });

describe("[part of 3.5-ipynb] the official 4.5 schema", () => {
  test("a new notebook and new cells of every type are valid", () => {
    const notebook = newNotebook();
    notebook.cells.push(newCell("code", "1"), newCell("markdown", "# x"), newCell("raw", "y"));
    assert.deepEqual(validateNotebook(JSON.parse(serializeNotebook(notebook))), []);
  });

  test("what the codec writes is valid, old formats included", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const text = randomNotebook(new Random(seed)).replace('"nbformat_minor":5', `"nbformat_minor":${seed % 6}`);
      const result = parseNotebook(text);
      assert.ok(result.ok);
      assert.deepEqual(validateNotebook(notebookToJson(result.notebook)), [], `seed ${seed}`);
    }
  });

  for (const [title, json, expected] of [
    ["no notebook at all", [], [{ path: "$", message: "must be object" }]],
    [
      "an unknown key",
      file([{ ...cell, lab: 1 }]),
      [{ path: "$.cells[0]", message: 'must NOT have additional properties: "lab"' }],
    ],
    [
      "an id that is none",
      file([cell, { ...cell, id: "b c" }]),
      [{ path: "$.cells[1].id", message: 'must match pattern "^[a-zA-Z0-9-_]+$"' }],
    ],
    ["an id used twice", file([cell, cell]), [{ path: "$.cells[1].id", message: '"a" is used twice' }]],
    [
      "a wrong cell type",
      file([{ ...cell, cell_type: "sql" }]),
      [{ path: "$.cells[0].cell_type", message: 'must be "code", "markdown" or "raw"' }],
    ],
    [
      "a fault inside an output",
      file([{ ...cell, outputs: [{ output_type: "stream", name: "stdout", text: 5 }] }]),
      ["must be string", "must be array", "must match exactly one schema in oneOf"].map((message) => ({
        path: "$.cells[0].outputs[0].text",
        message,
      })),
    ],
    [
      "a wrong output type",
      file([{ ...cell, outputs: [{}] }]),
      [
        {
          path: "$.cells[0].outputs[0].output_type",
          message: "must be one of stream, display_data, execute_result, error",
        },
      ],
    ],
  ] as const) {
    test(`${title} is told with its path`, () => assert.deepEqual(validateNotebook(json), expected));
  }
});
