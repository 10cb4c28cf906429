import assert from "node:assert/strict";
import { test } from "node:test";
import { executionOf, executionsByCell, isEditedSinceRun, isOutOfOrder, outOfOrderCells, runCounts } from "./derive.ts";
import { cell, execution, stateOf } from "./testing/fixtures.ts";

const ran = execution("run-0001", "a", { status: "error", code: "1" });
const unrun = execution("run-0002", "a", { status: "not-run", code: "2" });
const queued = execution("run-0003", "a", { code: "3" });

test("[R14] a cell shows its active run, else the last that ran, else the one that did not", () => {
  const shown = (...executions: (typeof ran)[]) => {
    const state = stateOf([cell("a")], { executions: [execution("run-0009", "b"), ...executions] });
    assert.equal(executionsByCell(state).get("a"), executionOf(state, "a"));
    return executionOf(state, "a");
  };
  assert.equal(shown(ran, queued), queued);
  assert.equal(shown(ran, unrun), ran);
  assert.equal(shown(unrun), unrun);
  assert.equal(shown(), undefined);
});

test("[R15] edited since: the text differs from the code as it last ran", () => {
  assert.equal(isEditedSinceRun(cell("a", "1"), ran), false);
  assert.equal(isEditedSinceRun(cell("a", "1 "), ran), true);
  assert.equal(isEditedSinceRun(cell("a", "x"), unrun), false);
  assert.equal(isEditedSinceRun(cell("a", "x"), undefined), false);
});

test("[R16] out of order: a cell further down ran before this one", () => {
  const numbered = (...counts: (number | null)[]) =>
    stateOf(counts.map((execution_count, at) => cell(String(at), "", { execution_count })));
  assert.deepEqual([...outOfOrderCells(numbered(1, 2, 3))], []);
  assert.deepEqual([...outOfOrderCells(numbered(1, 3, 2))], ["1"]);
  assert.deepEqual([...outOfOrderCells(numbered(5, null, 3, 4))], ["0"]);
  assert.deepEqual([...outOfOrderCells(numbered(2, 2))], []);
  assert.equal(isOutOfOrder(numbered(1, 3, 2), "1"), true);
  assert.equal(isOutOfOrder(numbered(1, 3, 2), "0"), false);
  assert.equal(isOutOfOrder(numbered(1), "gone"), false);
});

test("[R17] counts are of cells: running, queued, failed, edited since", () => {
  const cells = [cell("a", "1"), cell("b", "2"), cell("c", "3"), cell("d", "new")];
  const executions = [
    ran,
    unrun,
    execution("run-0004", "b", { status: "running", code: "2" }),
    execution("run-0005", "c", { code: "3" }),
    execution("run-0006", "d", { status: "ok", code: "old" }),
    execution("run-0007", "gone", { status: "error" }),
  ];
  assert.deepEqual(runCounts(stateOf(cells, { executions })), { running: 1, queued: 1, failed: 1, stale: 1 });
});
