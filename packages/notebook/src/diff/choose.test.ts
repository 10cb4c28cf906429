import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Cell, Notebook } from "../model.ts";
import { Random } from "../testing/random.ts";
import { chooseCells, type Side, withMyIds } from "./index.ts";

const cell = (id: string, source: string): Cell => ({
  id,
  cell_type: "code",
  source,
  metadata: {},
  execution_count: null,
  outputs: [],
});
const notebook = (...sources: [string, string][]): Notebook => ({
  nbformat: 4,
  nbformat_minor: 5,
  metadata: {},
  cells: sources.map(([id, source]) => cell(id, source)),
});
const read = ({ cells }: Notebook) => cells.map(({ id, source }) => `${id}:${source}`);

describe("one notebook of two", () => {
  const mine = notebook(["a", "1"], ["b", "2"], ["c", "3"]);
  const theirs = notebook(["c", "3"], ["a", "one"], ["n", "new"]);
  const choose = (cells: Record<string, Side>) =>
    read(chooseCells(mine, theirs, { cells: new Map(Object.entries(cells)), metadata: "mine", newId: () => "fresh" }));

  test("nothing chosen is mine, everything of theirs is theirs", () => {
    assert.deepEqual(choose({}), ["a:1", "b:2", "c:3"]);
    assert.deepEqual(choose({ a: "theirs", b: "theirs", c: "theirs", n: "theirs" }), ["c:3", "a:one", "n:new"]);
  });

  test("each cell has its own answer", () => {
    assert.deepEqual(choose({ a: "both" }), ["a:1", "fresh:one", "b:2", "c:3"]);
    assert.deepEqual(choose({ b: "theirs" }), ["a:1", "c:3"]);
    assert.deepEqual(choose({ n: "both" }), ["a:1", "b:2", "n:new", "c:3"]);
  });

  test("cells that only lost their ids keep mine", () => {
    assert.deepEqual(read(withMyIds(mine, notebook(["x", "1"], ["y", "5"], ["z", "3"]))), ["a:1", "y:5", "c:3"]);
  });

  test("random notebooks: all of one side gives that side, and ids stay unique", () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = new Random(seed);
      const some = () =>
        notebook(
          ...[...new Set(random.list(9, () => `c${random.below(12)}`))].map((id): [string, string] => [
            id,
            random.pick(["", "x", id]),
          ]),
        );
      const [one, unnamed] = [some(), some()];
      const other = withMyIds(one, unnamed);
      const all = [...one.cells, ...other.cells].map(({ id }) => id);
      const take = (side: () => Side) =>
        chooseCells(one, other, {
          cells: new Map(all.map((id) => [id, side()])),
          metadata: "mine",
          newId: () => `new${random.below(1_000_000)}`,
        });
      assert.deepEqual(read(take(() => "mine")), read(one), `seed ${seed}`);
      assert.deepEqual(read(take(() => "theirs")), read(other), `seed ${seed}`);
      const mixed = take(() => random.pick(["mine", "theirs", "both"])).cells.map(({ id }) => id);
      assert.equal(new Set(mixed).size, mixed.length, `seed ${seed}`);
    }
  });
});
