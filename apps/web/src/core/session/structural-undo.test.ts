import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apply, type SessionState, type UserOperation } from "@opsbook/notebook/session";
import { StructuralUndo } from "./structural-undo.ts";
import { stateOf } from "./testing/session-server.ts";

const context = { by: { id: "me", name: "Me" }, at: 1 };

function run(state: SessionState, ops: readonly UserOperation[]): SessionState {
  return ops.reduce((now, op) => {
    const result = apply(now, op, context);
    assert.ok(result.ok, `${op.type} is refused`);
    return result.state;
  }, state);
}

const ids = (state: SessionState) => state.notebook.cells.map(({ id }) => id).join("");

describe("StructuralUndo", () => {
  const start = stateOf({ a: "1", b: "2", c: "3" });
  const changes: [name: string, ops: UserOperation[]][] = [
    [
      "an added cell",
      [{ type: "insert-cell", cellId: "n", cellType: "code", source: "", metadata: {}, after: "a", index: 1 }],
    ],
    ["a deleted cell", [{ type: "delete-cell", cellId: "b" }]],
    [
      "several deleted cells",
      [
        { type: "delete-cell", cellId: "a" },
        { type: "delete-cell", cellId: "b" },
      ],
    ],
    ["a moved cell", [{ type: "move-cell", cellId: "c", after: null, index: 0 }]],
  ];
  for (const [name, ops] of changes)
    it(`[part of 3.5-cells] takes back and repeats ${name}`, () => {
      const undo = new StructuralUndo();
      undo.record(ops, start);
      const done = run(start, ops);
      assert.notEqual(ids(done), "abc");
      const undone = run(done, undo.undo(done));
      assert.equal(ids(undone), "abc");
      assert.equal(ids(run(undone, undo.redo(undone))), ids(done));
    });

  it("forgets what was undone once something new is done", () => {
    const undo = new StructuralUndo();
    undo.record([{ type: "delete-cell", cellId: "a" }], start);
    undo.undo(run(start, [{ type: "delete-cell", cellId: "a" }]));
    undo.record([{ type: "delete-cell", cellId: "b" }], start);
    assert.equal(undo.canRedo, false);
  });
});
