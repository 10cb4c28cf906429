import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseNotebook } from "./parse.ts";
import { serializeNotebook } from "./serialize.ts";
import { Random } from "./testing/random.ts";
import { randomNotebook } from "./testing/random-file.ts";

/** What the file says, however it is laid out: read back by nothing of ours but the reader under test. */
function open(text: string) {
  const result = parseNotebook(text);
  assert.ok(result.ok, result.ok ? "" : result.message);
  return result.notebook;
}

describe("[part of 3.5-ipynb] reading and writing loses nothing", () => {
  test("random files of one line come out byte for byte, and again after the wire", () => {
    for (let seed = 1; seed <= 1500; seed++) {
      const text = randomNotebook(new Random(seed));
      const notebook = open(text);
      assert.equal(serializeNotebook(notebook), text, `seed ${seed}`);
      const sent: typeof notebook = JSON.parse(JSON.stringify(notebook));
      assert.equal(serializeNotebook(sent), text, `seed ${seed} after JSON`);
      assert.equal(serializeNotebook(structuredClone(notebook)), text, `seed ${seed} after structuredClone`);
    }
  });

  for (const [name, file] of Object.entries({
    "Jupyter's layout":
      '{\n "cells": [\n  {\n   "cell_type": "markdown",\n   "id": "a",\n   "metadata": {},\n   "source": [\n    "# é\\n",\n    "b"\n   ]\n  }\n ],\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 5\n}\n',
    "four spaces, no newline at the end":
      '{\n    "cells": [],\n    "metadata": {\n        "1": 1.0\n    },\n    "nbformat": 4,\n    "nbformat_minor": 5\n}',
    "tabs, CRLF, byte order mark":
      '\ufeff{\r\n\t"cells": [],\r\n\t"metadata": {},\r\n\t"nbformat": 4,\r\n\t"nbformat_minor": 5\r\n}\r\n',
    "one line as Python writes it": '{"cells": [], "metadata": {"x": [1, 2]}, "nbformat": 4, "nbformat_minor": 5}',
    "ASCII only": '{"cells":[],"metadata":{"title":"caf\\u00e9 \\ud83d\\ude42"},"nbformat":4,"nbformat_minor":5}',
    "no indentation but line breaks": '{\n"cells": [],\n"metadata": {},\n"nbformat": 4,\n"nbformat_minor": 5\n}\n',
    "unknown keys at every level":
      '{\n "app": {\n  "v": NaN\n },\n "cells": [\n  {\n   "cell_type": "code",\n   "execution_count": null,\n   "id": "a",\n   "lab": 1e3,\n   "metadata": {},\n   "outputs": [\n    {\n     "later": [],\n     "name": "stdout",\n     "output_type": "stream",\n     "text": []\n    }\n   ],\n   "source": []\n  }\n ],\n "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 5\n}\n',
  })) {
    test(`${name} is kept`, () => assert.equal(serializeNotebook(open(file)), file));
  }

  test("20,000 cells come out byte for byte", () => {
    const cell = '{"cell_type":"code","execution_count":null,"id":"ID","metadata":{},"outputs":[],"source":[]}';
    const cells = Array.from({ length: 20_000 }, (_, at) => cell.replace("ID", `c${at}`));
    const text = `{"cells":[${cells.join(",")}],"metadata":{},"nbformat":4,"nbformat_minor":5}`;
    assert.equal(serializeNotebook(open(text)), text);
  });
});

describe("[part of 3.5-ipynb] edits", () => {
  const file =
    '{"cells":[{"source":"a\\r\\nb","cell_type":"markdown","id":"x","metadata":{"10":1,"2":2}}],"nbformat":4,"nbformat_minor":5,"metadata":{}}';

  test("a changed source keeps the style, drops old line ends and leaves the rest alone", () => {
    const notebook = open(file);
    const cell = notebook.cells[0];
    assert.ok(cell);
    assert.equal(cell.source, "a\nb");
    cell.source = "a\nb\nc";
    assert.equal(serializeNotebook(notebook), file.replace("a\\r\\nb", "a\\nb\\nc"));
  });

  test("keys added to and removed from ordered metadata", () => {
    const notebook = open(file);
    const metadata = notebook.cells[0]?.metadata;
    assert.ok(metadata);
    delete metadata["10"];
    metadata.tags = ["parameters"];
    assert.match(serializeNotebook(notebook), /"metadata":\{"2":2,"tags":\["parameters"\]\}/);
  });

  test("a tag that nobody reads as a number is data, never raw text in the file", () => {
    const notebook = open(file);
    notebook.metadata = { $number: "0}, oops" };
    const text = serializeNotebook(notebook);
    assert.match(text, /"metadata":\{"\$number":"0\}, oops"\}/);
    assert.ok(parseNotebook(text).ok);
  });
});
