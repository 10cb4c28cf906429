import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { apply, type SessionState, type UserOperation } from "@opsbook/notebook/session";
import { StructuralUndo, type UndoStep } from "./structural-undo.ts";
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
      const undone = run(done, operations(undo.undo(done)));
      assert.equal(ids(undone), "abc");
      assert.equal(ids(run(undone, operations(undo.redo(undone)))), ids(done));
    });

  it("forgets what was undone once something new is done", () => {
    const undo = new StructuralUndo();
    undo.record([{ type: "delete-cell", cellId: "a" }], start);
    undo.undo(run(start, [{ type: "delete-cell", cellId: "a" }]));
    undo.record([{ type: "delete-cell", cellId: "b" }], start);
    assert.equal(undo.canRedo, false);
  });
});

function operations(step: UserOperation[] | Promise<void>): UserOperation[] {
  assert.ok(Array.isArray(step));
  return step;
}

describe("a step that is no operation", () => {
  it("is undone and redone by what it gives", async () => {
    const start = stateOf({});
    const undo = new StructuralUndo();
    const done: string[] = [];
    const step =
      (name: string, back: string): UndoStep =>
      async () => {
        done.push(name);
        return step(back, name);
      };
    undo.recordStep(step("back", "again"));
    await undo.undo(start);
    assert.deepEqual([undo.canUndo, undo.canRedo], [false, true]);
    await undo.redo(start);
    await undo.undo(start);
    assert.deepEqual(done, ["back", "again", "back"]);
  });
});
