import assert from "node:assert/strict";
import { test } from "node:test";
import { apply, applySplices } from "./apply/index.ts";
import { executionsByCell, outOfOrderCells, runCounts } from "./derive.ts";
import { LIMITS, type Operation } from "./operations.ts";
import { sourceHash } from "./source-hash.ts";
import type { SessionState } from "./state.ts";
import { BY_SERVER, cell, stateOf, stream } from "./testing/fixtures.ts";
import { TextClient } from "./testing/texts.ts";
import { TextDocs } from "./text.ts";

// Sizes at which a step that costs time in the square of them does not end while anybody waits.

test("[A16] a notebook of 20,000 cells with 5,000 runs is run, cleared and counted", () => {
  const count = (at: number) => LIMITS.cells - at;
  let state: SessionState = stateOf(
    Array.from({ length: LIMITS.cells }, (_, at) =>
      cell(`c${at}`, `${at}`, { outputs: [stream(`out-file-${at}`)], execution_count: count(at) }),
    ),
  );
  const step = (op: Operation) => {
    const result = apply(state, op, BY_SERVER);
    assert.ok(result.ok, op.type);
    state = result.state;
    return result.effects;
  };
  assert.equal(outOfOrderCells(state).size, LIMITS.cells - 1);
  const runs = Array.from({ length: LIMITS.runs }, (_, at) => ({
    executionId: `run-number-${at}`,
    cellId: `c${at}`,
    sourceHash: sourceHash(`${at}`),
  }));
  step({ type: "run-cells", runs });
  assert.deepEqual(runCounts(state), { running: 0, queued: LIMITS.runs, failed: 0, stale: 0 });
  for (const { executionId, cellId } of runs.slice(0, 500)) {
    step({ type: "execution-started", executionId, executionCount: 1 });
    step({ type: "output-opened", cellId, output: stream(`out-${executionId}`, executionId) });
    step({ type: "execution-finished", executionId, status: "ok", executionCount: 1 });
  }
  step({ type: "restart-kernel" });
  assert.deepEqual(runCounts(state), { running: 0, queued: 0, failed: 0, stale: 0 });
  assert.equal(executionsByCell(state).size, LIMITS.runs);
  const [effect] = step({ type: "clear-outputs", cellIds: null });
  assert.ok(effect?.type === "discard-outputs" && effect.outputIds.length === LIMITS.cells);
  assert.ok(state.notebook.cells.every(({ outputs }) => outputs.length === 0));
});

test("[A16] [X11] an edit in 10,000 places of a text of 1 MiB is taken", () => {
  const docs = new TextDocs(100);
  const source = "0123456789\n".repeat(Math.floor(LIMITS.source / 11) - 10_000);
  const ada = TextClient.open(docs, "a", source);
  const places = 10_000;
  ada.doc.transact(() => {
    for (let at = places - 1; at >= 0; at--) ada.shared.insert(at * 22, "x");
  });
  const change = docs.accept("a", ada.take(), ada.id);
  assert.ok(!("ok" in change), "refused");
  assert.equal(change.splices.length, places);
  assert.equal(applySplices(source, change.splices), ada.text);
});
