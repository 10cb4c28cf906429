import assert from "node:assert/strict";
import { test } from "node:test";
import { nextInput } from "./next-input.ts";
import type { SessionState } from "./state.ts";
import { ADA, BOB, BY_ADA, cell, execution, must, stateOf } from "./testing/fixtures.ts";

const ran = (source: string): SessionState =>
  stateOf([cell("a", source), cell("b")], {
    executions: [execution("run-0001", "a", { status: "running", code: "1" })],
  });
const asked = (state: SessionState, replace: boolean) =>
  nextInput(state, { executionId: "run-0001", cellId: "n", text: "two\r\nlines", replace });
const sources = (state: SessionState) => state.notebook.cells.map(({ source }) => source);

test("[R18] a run's next input is a cell of who ran it below the one that ran", () => {
  const { state } = must(ran("1"), asked(ran("1"), false)!, BY_ADA);
  assert.deepEqual(sources(state), ["1", "two\nlines", ""]);
  const { id, cell_type, editedBy } = state.notebook.cells[1]!;
  assert.deepEqual([id, cell_type, editedBy], ["n", "code", ADA]);
  assert.equal(asked(stateOf([cell("a")]), false), null);
});

test("[R18] it takes the place of the text that ran only where nobody edited that since", () => {
  assert.deepEqual(sources(must(ran("1"), asked(ran("1"), true)!).state), ["two\nlines", ""]);
  const edited = must(ran("1"), { type: "set-source", cellId: "a", source: "mine" }, { by: BOB, at: 1 }).state;
  assert.deepEqual(sources(must(edited, asked(edited, true)!).state), ["mine", "two\nlines", ""]);
});
