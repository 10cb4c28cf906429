import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Cell, CodeCell, Notebook, Output } from "../model.ts";
import { Random } from "../testing/random.ts";
import {
  type CellChange,
  diffLines,
  diffNotebooks,
  diffOutputs,
  type LineRun,
  markWords,
  matchCells,
} from "./index.ts";
import { commonRuns } from "./sequence.ts";

const code = (id: string, source: string, outputs: Output[] = []): CodeCell => ({
  id,
  cell_type: "code",
  source,
  metadata: {},
  execution_count: null,
  outputs,
});

const notebook = (...cells: Cell[]): Notebook => ({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells });

const print = (text: string): Output => ({ output_type: "stream", name: "stdout", text });

const result = (text: string, count: number): Output => ({
  output_type: "execute_result",
  execution_count: count,
  data: { "text/plain": text },
  metadata: {},
});

/** `= id`, `+ id`, `- id`, `~ id` (changed), `> id` (moved), `>~ id`. */
function words(change: CellChange): string {
  if (change.kind === "added") return `+ ${change.after.cell.id}`;
  if (change.kind === "removed") return `- ${change.before.cell.id}`;
  const sign = `${change.moved ? ">" : ""}${change.kind === "changed" ? "~" : ""}` || "=";
  return `${sign} ${change.after.cell.id}`;
}

const changes = (before: Notebook, after: Notebook) => diffNotebooks(before, after).cells.map(words);

describe("lists", () => {
  test("random lists: runs are common, in order, and what is left out makes one list of the other", () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = new Random(seed);
      const list = () => random.list(40, () => String(random.below(1 + random.below(30))));
      const a = list();
      const b = random.chance(50) ? list() : a.toSpliced(random.below(a.length + 1), random.below(5), ...list());
      let fromA = 0;
      let fromB = 0;
      for (const { a: x, b: y, length } of commonRuns(a, b)) {
        assert.ok(x >= fromA && y >= fromB && length > 0, `seed ${seed}`);
        assert.deepEqual(a.slice(x, x + length), b.slice(y, y + length), `seed ${seed}`);
        fromA = x + length;
        fromB = y + length;
      }
      assert.ok(fromA <= a.length && fromB <= b.length, `seed ${seed}`);
    }
  });

  test("200,000 lines that have nothing in common, or everything twice, need no square of time", () => {
    const many = (prefix: string) => Array.from({ length: 200_000 }, (_, index) => `${prefix}${index}`);
    assert.deepEqual(commonRuns(many("a"), many("b")), []);
    const twice = [...many("a"), ...many("a")];
    assert.equal(commonRuns(twice, twice)[0]?.length, 400_000);
    const equal = Array.from({ length: 200_000 }, () => "x");
    assert.equal(commonRuns(equal, ["y", ...equal, "z"])[0]?.length, 200_000);
  });
});

describe("lines", () => {
  test("one changed line stands between the same ones", () => {
    assert.deepEqual(diffLines("a\nb\nc", "a\nB\nc"), [
      { kind: "same", lines: ["a"], before: 0, after: 0 },
      { kind: "changed", removed: ["b"], added: ["B"], before: 1, after: 1 },
      { kind: "same", lines: ["c"], before: 2, after: 2 },
    ] satisfies LineRun[]);
  });

  test("both texts can be read from the runs again", () => {
    const side = (runs: LineRun[], which: "removed" | "added") =>
      runs.flatMap((run) => (run.kind === "same" ? run.lines : run[which]));
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = new Random(seed);
      const text = () => random.list(20, () => random.pick(["", "}", "x()", "y()", "if (z) {"])).join("\n");
      const [a, b] = [text(), text()];
      const runs = diffLines(a, b);
      assert.equal(side(runs, "removed").join("\n"), a, `seed ${seed}`);
      assert.equal(side(runs, "added").join("\n"), b, `seed ${seed}`);
    }
  });

  test("an empty text has no line, and a line that was added to it is the only change", () => {
    assert.deepEqual(diffLines("", "a"), [{ kind: "changed", removed: [], added: ["a"], before: 0, after: 0 }]);
    assert.deepEqual(diffLines("", ""), []);
  });

  test("words that differ are marked by their place", () => {
    assert.deepEqual(markWords("const port = 80;", "const port = 8080; // dev"), {
      before: [{ from: 13, to: 15 }],
      after: [
        { from: 13, to: 17 },
        { from: 18, to: 25 },
      ],
    });
    assert.deepEqual(markWords("same", "same"), { before: [], after: [] });
    assert.deepEqual(markWords("", "new"), { before: [], after: [{ from: 0, to: 3 }] });
  });
});

describe("outputs", () => {
  test("what stays, what changed in its place, what came and what went", () => {
    const image: Output = { output_type: "display_data", data: { "image/png": "AA==" }, metadata: {} };
    const kinds = diffOutputs([print("a"), image, print("b")], [print("a2"), image]).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["changed", "same", "removed"]);
  });

  test("the number of a result is no difference of its own", () => {
    assert.deepEqual(
      diffOutputs([result("1", 3)], [result("1", 9)]).map(({ kind }) => kind),
      ["same"],
    );
  });
});

describe("notebooks", () => {
  const [a, b, c, d] = [code("a", "1"), code("b", "2"), code("c", "3"), code("d", "4")];

  test("equal ones, whatever the order of keys and the form of the file", () => {
    const one = notebook({ ...a, metadata: { x: { p: 1, q: 2 } }, form: { indent: 1 } });
    const other = notebook({ ...a, metadata: { x: { q: 2, p: 1 } } });
    assert.equal(diffNotebooks(one, other).equal, true);
  });

  test("added, removed, changed and moved cells, each in its place", () => {
    assert.deepEqual(changes(notebook(a, b, c), notebook(a, d, c)), ["= a", "- b", "+ d", "= c"]);
    assert.deepEqual(changes(notebook(a, b, c, d), notebook(b, c, d, a)), ["= b", "= c", "= d", "> a"]);
    assert.deepEqual(changes(notebook(a, b, c), notebook({ ...c, source: "33" }, a, b)), [">~ c", "= a", "= b"]);
    assert.deepEqual(changes(notebook(), notebook(a)), ["+ a"]);
    assert.deepEqual(changes(notebook(a, b), notebook()), ["- a", "- b"]);
  });

  test("cells with new ids are found by their text, and rewritten ones by similar text in the same place", () => {
    const text = "const x = 1;\nconst y = 2;\nconst z = x + y;";
    const before = notebook(code("a", "first()"), code("b", text), code("c", "last()"));
    const after = notebook(code("n1", "first()"), code("n2", text.replace("2", "3")), code("n3", "last()"));
    assert.deepEqual(changes(before, after), ["= n1", "~ n2", "= n3"]);
  });

  test("texts that have little in common are two cells", () => {
    assert.deepEqual(changes(notebook(code("a", "one()")), notebook(code("b", "two + three"))), ["- a", "+ b"]);
  });

  test("what changed in a cell is told by part", () => {
    const before: Cell = { ...a, metadata: { tags: ["x"], keep: 1 }, outputs: [print("old\n")], execution_count: 1 };
    const after: Cell = { ...a, source: "1\n2", metadata: { keep: 1 }, outputs: [print("new\n")], execution_count: 2 };
    const [change] = diffNotebooks(notebook(before), notebook(after)).cells;
    assert.deepEqual(change, {
      kind: "changed",
      before: { cell: before, index: 0 },
      after: { cell: after, index: 0 },
      moved: false,
      source: [
        { kind: "same", lines: ["1"], before: 0, after: 0 },
        { kind: "changed", removed: [], added: ["2"], before: 1, after: 1 },
      ],
      typeChanged: false,
      executionCountChanged: true,
      outputs: [{ kind: "changed", before: print("old\n"), after: print("new\n") }],
      metadata: [{ key: "tags", before: ["x"], after: undefined }],
      attachments: [],
    });
  });

  test("metadata of the notebook and attachments by key", () => {
    const markdown = (attachments: object): Cell =>
      ({ id: "m", cell_type: "markdown", source: "", metadata: {}, attachments }) as Cell;
    const before = { ...notebook(markdown({ "a.png": { "image/png": "AA==" } })), metadata: { author: "x" } };
    const diff = diffNotebooks(before, { ...notebook(markdown({})), metadata: { author: "y" } });
    assert.deepEqual(diff.metadata, [{ key: "author", before: "x", after: "y" }]);
    assert.equal(diff.equal, false);
    const [cell] = diff.cells;
    assert.ok(cell?.kind === "changed");
    assert.deepEqual(
      cell.attachments.map(({ key }) => key),
      ["a.png"],
    );
  });

  test("random notebooks: every cell of either side is told once, in the order of the second", () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = new Random(seed);
      const cells = () => {
        const ids = new Set(random.list(12, () => `c${random.below(16)}`));
        return [...ids].map((id) => code(id, random.pick(["", "x", "y", "x\ny", id])));
      };
      const [before, after] = [cells(), cells()];
      const pairs = matchCells(before, after);
      const order = pairs.flatMap((pair) => pair.after ?? []);
      assert.deepEqual(order, [...after.keys()], `seed ${seed}`);
      const left = pairs.flatMap((pair) => pair.before ?? []).sort((x, y) => x - y);
      assert.deepEqual(left, [...before.keys()], `seed ${seed}`);
      const unmoved = pairs.flatMap(({ before: x, after: y, moved }) => (x === null || y === null || moved ? [] : [x]));
      assert.deepEqual(
        unmoved,
        unmoved.toSorted((x, y) => x - y),
        `seed ${seed}`,
      );
    }
  });
});
