import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LIMITS, type UserOperation } from "../operations.ts";
import { BIN_LIMIT, type SessionState } from "../state.ts";
import {
  ADA,
  BY_ADA,
  BY_SERVER,
  cell,
  codeOf,
  execution,
  must,
  stateOf,
  stream,
  tryApply,
} from "../testing/fixtures.ts";

const insert = (
  cellId: string,
  more: Partial<Extract<UserOperation, { type: "insert-cell" }>> = {},
): UserOperation => ({
  type: "insert-cell",
  cellId,
  cellType: "code",
  source: "",
  metadata: {},
  after: null,
  index: 0,
  ...more,
});
const order = (state: SessionState) => state.notebook.cells.map(({ id }) => id).join("");
const abc = () => stateOf([cell("a"), cell("b"), cell("c")]);

describe("insert-cell", () => {
  test("[A1] the new cell is whole, the others and the state before stay as they are", () => {
    const before = abc();
    const { state, effects } = must(before, insert("n", { after: "a", source: "1", metadata: { tags: ["x"] } }));
    const made = cell("n", "1", { metadata: { tags: ["x"] }, editedBy: ADA, editedAt: 1_000 });
    assert.deepEqual(state, stateOf([cell("a"), made, cell("b"), cell("c")]));
    assert.deepEqual(effects, []);
    assert.equal(state.notebook.cells[2], before.notebook.cells[1]);
    assert.equal(order(before), "abc");
  });

  test("[A2] it goes after its anchor, on top for null, to its index where the anchor is gone", () => {
    assert.equal(order(must(abc(), insert("n", { after: "c" })).state), "abcn");
    assert.equal(order(must(abc(), insert("n", { after: null, index: 2 })).state), "nabc");
    assert.equal(order(must(abc(), insert("n", { after: "gone", index: 2 })).state), "abnc");
    assert.equal(order(must(abc(), insert("n", { after: "gone", index: 99 })).state), "abcn");
  });

  test("[A3] an id is taken once, and a notebook has a size", () => {
    assert.equal(codeOf(tryApply(abc(), insert("b"))), "cell-exists");
    const full = stateOf(Array.from({ length: LIMITS.cells }, (_, at) => cell(`c${at}`)));
    assert.equal(codeOf(tryApply(full, insert("n"))), "too-large");
    const source = "x".repeat(LIMITS.source + 1);
    assert.equal(codeOf(tryApply(abc(), insert("n", { source }))), "too-large");
    assert.equal(codeOf(tryApply(abc(), insert("n", { metadata: { a: "x".repeat(LIMITS.metadata) } }))), "too-large");
  });

  test("[A9] line ends become LF", () => {
    const { state } = must(abc(), insert("n", { source: "a\r\nb\rc" }));
    assert.equal(state.notebook.cells[0]?.source, "a\nb\nc");
  });
});

describe("delete-cell and restore-cell", () => {
  test("[A4] the cell goes to the bin with its place, the person and the time; its queued run ends", () => {
    const runs = [execution("run-0001", "b"), execution("run-0002", "c")];
    const { state, effects } = must({ ...abc(), executions: runs }, { type: "delete-cell", cellId: "b" });
    const bin = [{ cell: cell("b"), index: 1, by: ADA, at: 1_000 }];
    const ended = {
      ...runs[0]!,
      status: "not-run",
      finishedAt: 1_000,
      reason: "Not run: Ada deleted the cell.",
    } as const;
    const notebook = { ...abc().notebook, cells: [cell("a"), cell("c")], bin };
    assert.deepEqual(state, { ...abc(), notebook, executions: [ended, runs[1]] });
    assert.deepEqual(effects, []);
  });

  test("[A4] a running cell stays", () => {
    const state = { ...abc(), executions: [execution("run-0001", "b", { status: "running" })] };
    assert.equal(codeOf(tryApply(state, { type: "delete-cell", cellId: "b" })), "cell-busy");
  });

  test("[A5] what falls out of the bin takes its outputs and its runs with it", () => {
    const first = cell("first", "1", { outputs: [stream("out-0001", "run-0001")] });
    let state = stateOf([first, ...Array.from({ length: BIN_LIMIT }, (_, at) => cell(`c${at}`))], {
      executions: [execution("run-0001", "first", { status: "ok" }), execution("run-0002", "c0", { status: "ok" })],
    });
    state = must(state, { type: "delete-cell", cellId: "first" }).state;
    for (let at = 0; at < BIN_LIMIT - 1; at++) state = must(state, { type: "delete-cell", cellId: `c${at}` }).state;
    assert.equal(state.notebook.bin[0]?.cell.id, "first");
    assert.equal(state.executions.length, 2);
    const last = must(state, { type: "delete-cell", cellId: `c${BIN_LIMIT - 1}` });
    assert.equal(last.state.notebook.bin.length, BIN_LIMIT);
    assert.deepEqual(last.effects, [{ type: "discard-outputs", outputIds: ["out-0001"] }]);
    assert.deepEqual(
      last.state.executions.map(({ id }) => id),
      ["run-0002"],
    );
  });

  test("[A6] restoring gives back the same cell at its place, once", () => {
    const before = stateOf([cell("a"), cell("b", "x", { outputs: [stream("out-0001")], version: 3 }), cell("c")]);
    const deleted = must(before, { type: "delete-cell", cellId: "b" }).state;
    assert.deepEqual(must(deleted, { type: "restore-cell", cellId: "b" }).state, before);
    assert.equal(codeOf(tryApply(before, { type: "restore-cell", cellId: "b" })), "nothing-to-restore");
    const again = must(deleted, insert("b")).state;
    assert.equal(codeOf(tryApply(again, { type: "restore-cell", cellId: "b" })), "cell-exists");
  });
});

describe("move-cell", () => {
  const moved = (cellId: string, after: string | null, index = 0) =>
    order(must(abc(), { type: "move-cell", cellId, after, index }).state);

  test("[A7] it goes where insert-cell would put it; after itself means nowhere", () => {
    assert.equal(moved("a", "c"), "bca");
    assert.equal(moved("c", null), "cab");
    assert.equal(moved("a", "gone", 1), "bac");
    assert.equal(moved("b", "b"), "abc");
  });
});

describe("set-cell-type", () => {
  const rich = cell("a", "text", {
    metadata: { k: 1 },
    outputs: [stream("out-0001")],
    execution_count: 4,
    form: { extra: { foreign: true } },
  });

  test("[A8] text, metadata and what the file said stay; outputs, number and runs go", () => {
    const before = stateOf([rich], { executions: [execution("run-0001", "a", { status: "ok" })] });
    const { state, effects } = must(before, { type: "set-cell-type", cellId: "a", cellType: "markdown" });
    assert.deepEqual(state, stateOf([{ ...rich, cell_type: "markdown", outputs: [], execution_count: null }]));
    assert.deepEqual(effects, [{ type: "discard-outputs", outputIds: ["out-0001"] }]);
  });

  test("[A8] the same type again changes nothing, a queued or running cell is refused", () => {
    const before = stateOf([rich], { executions: [execution("run-0001", "a", { status: "ok" })] });
    assert.equal(must(before, { type: "set-cell-type", cellId: "a", cellType: "code" }).state, before);
    for (const status of ["queued", "running"] as const) {
      const busy = stateOf([rich], { executions: [execution("run-0001", "a", { status })] });
      assert.equal(codeOf(tryApply(busy, { type: "set-cell-type", cellId: "a", cellType: "raw" })), "cell-busy");
    }
  });
});

describe("set-source and edit-source", () => {
  const edited = (source: string) => stateOf([cell("a", source, { version: 1, editedBy: ADA, editedAt: 1_000 })]);
  const edit = (splices: { index: number; remove: number; insert: string }[]): UserOperation => ({
    type: "edit-source",
    cellId: "a",
    update: "",
    splices,
  });

  test("[A9] set-source replaces the text, counts the version, names the person", () => {
    const before = stateOf([cell("a", "old")]);
    assert.deepEqual(must(before, { type: "set-source", cellId: "a", source: "new\r\n" }).state, edited("new\n"));
    assert.equal(must(before, { type: "set-source", cellId: "a", source: "old" }).state, before);
    const source = "x".repeat(LIMITS.source + 1);
    assert.equal(codeOf(tryApply(before, { type: "set-source", cellId: "a", source })), "too-large");
  });

  test("[A9] the server's own edit changes no name", () => {
    const { state } = must(stateOf([cell("a", "x")]), { type: "set-source", cellId: "a", source: "y" }, BY_SERVER);
    assert.deepEqual(state, stateOf([cell("a", "y", { version: 1 })]));
  });

  test("[A10] splices are applied one after the other, in any order of places", () => {
    const before = stateOf([cell("a", "hello world")]);
    const forward = [
      { index: 0, remove: 1, insert: "J" },
      { index: 5, remove: 1, insert: "" },
      { index: 10, remove: 0, insert: "!" },
    ];
    assert.deepEqual(must(before, edit(forward)).state, edited("Jelloworld!"));
    const backward = [
      { index: 11, remove: 0, insert: "!" },
      { index: 0, remove: 5, insert: "HI" },
      { index: 1, remove: 1, insert: "" },
    ];
    assert.deepEqual(must(before, edit(backward)).state, edited("H world!"));
  });

  test("[A10] a splice outside the text is refused", () => {
    const before = stateOf([cell("a", "abc")]);
    assert.equal(codeOf(tryApply(before, edit([{ index: 4, remove: 0, insert: "x" }]))), "invalid");
    assert.equal(codeOf(tryApply(before, edit([{ index: 1, remove: 3, insert: "x" }]))), "invalid");
    const second = [
      { index: 0, remove: 3, insert: "" },
      { index: 1, remove: 0, insert: "x" },
    ];
    assert.equal(codeOf(tryApply(before, edit(second))), "invalid");
  });
});

describe("set-metadata", () => {
  const set = (cellId: string | null, values: Record<string, string>, unset: string[] = []): UserOperation => ({
    type: "set-metadata",
    cellId,
    set: values,
    unset,
  });

  test("[A11] keys are set and unset one by one, the rest is kept, on a cell or the notebook", () => {
    const before = stateOf([cell("a", "", { metadata: { x: 1, y: 2, z: 3 } })]);
    const { state } = must(before, set("a", { y: "new", n: "1" }, ["z"]));
    assert.deepEqual(state, stateOf([cell("a", "", { metadata: { x: 1, y: "new", n: "1" } })]));
    const whole = must(before, set(null, { title: "T" })).state;
    assert.deepEqual(whole, { ...before, notebook: { ...before.notebook, metadata: { title: "T" } } });
    assert.equal(codeOf(tryApply(before, set("a", { x: "x".repeat(LIMITS.metadata) }))), "too-large");
  });

  test("[A12] [T11] names of prototypes are names like others", () => {
    const names = ["__proto__", "constructor", "prototype", "toString"];
    let state = stateOf(names.map((id) => cell(id)));
    for (const id of names) {
      state = must(state, { type: "set-source", cellId: id, source: id }).state;
      state = must(state, set(id, { constructor: "c" }, ["toString", "__proto__"])).state;
    }
    assert.deepEqual(
      state.notebook.cells,
      names.map((id) => cell(id, id, { metadata: { constructor: "c" }, version: 1, editedBy: ADA, editedAt: 1_000 })),
    );
    assert.equal(({} as Record<string, unknown>).role, undefined);
  });
});

describe("clear-outputs", () => {
  const ran = (id: string) => cell(id, "1", { outputs: [stream(`out-${id}-1`)], execution_count: 1 });

  test("[A13] of the cells named, or of all; others keep their identity", () => {
    const before = stateOf([ran("a"), ran("b"), cell("c")]);
    const some = must(before, { type: "clear-outputs", cellIds: ["b", "gone"] });
    assert.deepEqual(some.state, stateOf([ran("a"), cell("b", "1"), cell("c")]));
    assert.deepEqual(some.effects, [{ type: "discard-outputs", outputIds: ["out-b-1"] }]);
    assert.equal(some.state.notebook.cells[0], before.notebook.cells[0]);
    const all = must(before, { type: "clear-outputs", cellIds: null });
    assert.deepEqual(all.state, stateOf([cell("a", "1"), cell("b", "1"), cell("c")]));
    assert.equal(must(all.state, { type: "clear-outputs", cellIds: null }).state, all.state);
  });
});

test("[A14] every operation on a cell that is gone says so", () => {
  const ops: UserOperation[] = [
    { type: "delete-cell", cellId: "gone" },
    { type: "move-cell", cellId: "gone", after: null, index: 0 },
    { type: "set-cell-type", cellId: "gone", cellType: "raw" },
    { type: "edit-source", cellId: "gone", update: "", splices: [] },
    { type: "set-source", cellId: "gone", source: "" },
    { type: "set-metadata", cellId: "gone", set: {}, unset: [] },
    { type: "run-cells", runs: [{ executionId: "run-0001", cellId: "gone", sourceHash: "" }] },
  ];
  for (const op of ops) assert.equal(codeOf(tryApply(abc(), op, BY_ADA)), "cell-not-found", op.type);
});

test("[A15] an operation that apply does not know is a fault of the program, not a refusal", () => {
  assert.throws(() => tryApply(abc(), { type: "drop-tables" } as unknown as UserOperation), /unknown operation/);
});
