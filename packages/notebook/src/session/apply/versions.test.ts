import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { entrySchema } from "../operations.ts";
import { type Replacement, replaceNotebook } from "../replace.ts";
import type { SessionCell, SessionState } from "../state.ts";
import { BY_ADA, cell, codeOf, execution, must, stateOf, stream, tryApply } from "../testing/fixtures.ts";
import { diffText, TextDocs } from "../text.ts";

const BEFORE = "20261122T101112131Z-0123abcd";

const replacement = (cells: SessionCell[], more: Partial<Replacement> = {}): Replacement => ({
  cause: "restored",
  checkpointId: null,
  before: BEFORE,
  label: "then",
  target: { metadata: { title: "then" }, nbformat_minor: 5, cells, bin: [] },
  sameOutputs: () => false,
  edit: (_cellId, before, after) => ({ update: "", splices: diffText(before, after) }),
  ...more,
});
const restore = (state: SessionState, cells: SessionCell[], more: Partial<Replacement> = {}) =>
  must(state, replaceNotebook(state, replacement(cells, more))).state;
const ids = (state: SessionState) => state.notebook.cells.map(({ id }) => id);

describe("another version of the notebook", () => {
  test("[V1] cells come back in their order, new ones go to the bin, what is equal keeps its identity", () => {
    const a = cell("a", "1");
    const now = stateOf([cell("new", "x"), cell("b", "changed"), a], {});
    const then = restore(now, [cell("a", "1"), cell("b", "2"), cell("c", "3")], { sameOutputs: (id) => id === "a" });
    assert.deepEqual(ids(then), ["a", "b", "c"]);
    assert.equal(then.notebook.cells[0], a);
    assert.deepEqual(
      then.notebook.cells.map(({ source }) => source),
      ["1", "2", "3"],
    );
    assert.equal(then.notebook.cells[1]?.editedBy?.name, "Ada");
    assert.equal(then.notebook.metadata.title, "then");
    assert.deepEqual(
      then.notebook.bin.map(({ cell: { id }, by }) => [id, by?.name]),
      [["new", "Ada"]],
    );
    const back = must(then, { type: "restore-cell", cellId: "new" }).state;
    assert.equal(back.notebook.cells[0]?.source, "x");
  });

  test("[V1] the kernel that runs keeps its name, whatever the other version ran on", () => {
    const now = stateOf([]);
    now.notebook.metadata = { kernelspec: { name: "deno" }, language_info: { name: "typescript" }, title: "now" };
    const target = {
      metadata: { kernelspec: { name: "python3" }, title: "then" },
      nbformat_minor: 5,
      cells: [],
      bin: [],
    };
    assert.deepEqual(restore(now, [], { target }).notebook.metadata, {
      kernelspec: { name: "deno" },
      title: "then",
      language_info: { name: "typescript" },
    });
  });

  test("[V2] running and waiting cells stay with their outputs and runs, and take the other text", () => {
    const output = stream("out-0001", "run-0001");
    const now = stateOf([cell("a"), cell("r", "slow()", { outputs: [output] }), cell("q", "later()")], {
      executions: [
        execution("run-0001", "r", { status: "running", code: "slow()" }),
        execution("run-0002", "q", { code: "later()" }),
      ],
    });
    const then = restore(now, [cell("q", "then()"), cell("a", "", { outputs: [stream("out-0009")] })]);
    assert.deepEqual(ids(then), ["q", "a", "r"]);
    assert.deepEqual(then.notebook.cells[2]?.outputs, [output]);
    assert.equal(then.notebook.cells[0]?.source, "then()");
    assert.deepEqual(then.executions, now.executions);
  });

  test("[V2] an operation that would lose a run is refused", () => {
    const now = stateOf([cell("r"), cell("q")], {
      executions: [execution("run-0001", "r", { status: "running" }), execution("run-0002", "q")],
    });
    const base = { ...replaceNotebook(now, replacement([])), metadata: {} };
    assert.equal(codeOf(tryApply(now, { ...base, cells: [{ cellId: "q" }] })), "cell-busy");
    const content = { cell_type: "code" as const, metadata: {}, outputs: [], execution_count: null };
    assert.equal(codeOf(tryApply(now, { ...base, cells: [{ cellId: "r", content }, { cellId: "q" }] })), "cell-busy");
    assert.equal(codeOf(tryApply(now, { ...base, cells: [{ cellId: "r" }, { cellId: "r" }] })), "cell-exists");
    assert.equal(codeOf(tryApply(now, { ...base, cells: [{ cellId: "r" }, { cellId: "x" }] })), "cell-not-found");
    // What only waits is marked and can be asked for again.
    const left = must(now, { ...base, cells: [{ cellId: "r" }] }, BY_ADA).state;
    assert.equal(left.executions.find(({ id }) => id === "run-0002")?.status, "not-run");
  });

  test("[V3] an open document follows, and a run whose outputs went is shown no more", () => {
    const docs = new TextDocs(100);
    docs.open("a", "const x = 1;");
    const now = stateOf([cell("a", "const x = 1;", { outputs: [stream("out-0001", "run-0001")] })], {
      executions: [execution("run-0001", "a", { status: "ok" })],
    });
    const op = replaceNotebook(
      now,
      replacement([cell("a", "const y = 1;", { outputs: [stream("out-0002")] })], {
        edit: (cellId, before, after) => docs.replace(cellId, before, after),
      }),
    );
    assert.notEqual(op.cells[0]?.edit?.update, "");
    entrySchema.parse(JSON.parse(JSON.stringify({ seq: 1, at: 0, by: null, op })));
    const then = must(now, op).state;
    assert.equal(then.notebook.cells[0]?.source, "const y = 1;");
    assert.equal(docs.replace("a", "const y = 1;", "const y = 1;").splices.length, 0);
    assert.deepEqual(then.executions, []);
  });

  test("[V4] nothing is discarded, and the version before, put back, is the notebook as it was", () => {
    const now = stateOf([cell("a", "1", { outputs: [stream("out-0001")], execution_count: 4 }), cell("n", "new")]);
    const op = replaceNotebook(now, replacement([cell("b", "other"), cell("a", "0")]));
    const { state, effects } = must(now, op);
    assert.deepEqual(effects, []);
    const undone = restore(state, now.notebook.cells, { target: now.notebook });
    const shown = ({ notebook }: SessionState) =>
      notebook.cells.map(({ id, source, outputs, execution_count }) => ({ id, source, outputs, execution_count }));
    assert.deepEqual(shown(undone), shown(now));
    assert.deepEqual(undone.notebook.metadata, now.notebook.metadata);
  });

  test("[V5] one cell's version comes alone, a deleted one in its old place", () => {
    const now = stateOf([cell("a", "edited"), cell("c", "edited"), cell("d", "new")]);
    const target = [cell("a", "1"), cell("b", "2"), cell("c", "3")];
    const one = restore(now, target, { onlyCell: "c" });
    assert.deepEqual(
      one.notebook.cells.map(({ source }) => source),
      ["edited", "3", "new"],
    );
    assert.equal(one.notebook.metadata, now.notebook.metadata);
    assert.deepEqual(ids(restore(now, target, { onlyCell: "b" })), ["a", "b", "c", "d"]);
    assert.deepEqual(ids(restore(now, target, { onlyCell: "nowhere" })), ["a", "c", "d"]);
  });
});
