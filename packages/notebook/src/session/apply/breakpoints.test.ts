import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionState } from "../state.ts";
import { BY_SERVER, cell, codeOf, execution, must, stateOf, tryApply } from "../testing/fixtures.ts";

const running = () =>
  stateOf([cell("a"), cell("b"), cell("c")], {
    executions: [
      execution("run-000a", "a", { status: "running" }),
      execution("run-000b", "b", { status: "running" }),
      execution("run-000c", "c"),
    ],
  });
const opened = (state: SessionState, run: string, breakpointId: string) =>
  must(state, { type: "breakpoint-opened", executionId: run, breakpointId, banner: `at ${breakpointId}` }, BY_SERVER);
const closed = (state: SessionState, breakpointId: string) =>
  tryApply(state, { type: "breakpoint-closed", breakpointId }, BY_SERVER);
const stops = (state: SessionState) => state.executions.map(({ breakpoints }) => breakpoints?.map(({ id }) => id));

test("[R19] a run keeps its breakpoints until they are left, and the queue goes on", () => {
  const one = opened(running(), "run-000a", "stop-0001");
  assert.deepEqual(one.effects, [{ type: "advance-queue" }]);
  assert.deepEqual(one.state.executions[0]?.breakpoints, [{ id: "stop-0001", banner: "at stop-0001" }]);
  const two = opened(opened(one.state, "run-000a", "stop-0002").state, "run-000a", "stop-0001").state;
  assert.deepEqual(stops(two), [["stop-0002", "stop-0001"], undefined, undefined]);
  const left = must(two, { type: "breakpoint-closed", breakpointId: "stop-0001" }, BY_SERVER).state;
  assert.deepEqual(stops(left), [["stop-0002"], undefined, undefined]);
  const none = must(left, { type: "breakpoint-closed", breakpointId: "stop-0002" }, BY_SERVER).state;
  assert.deepEqual(none, running());
  assert.equal(codeOf(closed(none, "stop-0002")), "execution-not-found");
});

test("[R19] they go with the end of the run, and only what runs has some", () => {
  const state = opened(running(), "run-000a", "stop-0001").state;
  const end = { type: "execution-finished", executionId: "run-000a", status: "ok", executionCount: 1 } as const;
  assert.deepEqual(stops(must(state, end, BY_SERVER).state), [undefined, undefined, undefined]);
  const late = { type: "breakpoint-opened", executionId: "run-000c", breakpointId: "stop-0001", banner: "" } as const;
  assert.equal(codeOf(tryApply(state, late, BY_SERVER)), "execution-not-found");
  let full = running();
  for (let at = 0; at < 50; at++) full = opened(full, "run-000a", `stop-10${at}`).state;
  assert.equal(codeOf(tryApply(full, { ...late, executionId: "run-000a" }, BY_SERVER)), "too-large");
});

test("[R20] what stopped last goes on, and what goes forward is cancelled", () => {
  const go = (executionId: string) => ({ type: "continue-run", executionId }) as const;
  const cancel = (executionId: string) => ({ type: "cancel-run", executionId }) as const;
  const outer = opened(running(), "run-000a", "stop-0001").state;
  assert.deepEqual(must(outer, go("run-000a")), { ok: true, state: outer, effects: [{ type: "continue-execution" }] });
  assert.equal(codeOf(tryApply(outer, go("run-000b"))), "execution-not-found");
  assert.equal(codeOf(tryApply(outer, cancel("run-000a"))), "cell-busy");
  assert.equal(must(outer, cancel("run-000b")).state, outer);
  const both = opened(outer, "run-000b", "stop-0002").state;
  assert.equal(codeOf(tryApply(both, go("run-000a"))), "cell-busy");
  assert.equal(must(both, go("run-000b")).state, both);
  assert.equal(must(both, cancel("run-000b")).state, both);
});
