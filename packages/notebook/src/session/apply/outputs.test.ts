import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonValue } from "../../model.ts";
import { MAX_VALUE_DEPTH } from "../json.ts";
import type { ServerOperation } from "../operations.ts";
import type { SessionDisplay, SessionError, SessionOutput, SessionState } from "../state.ts";
import { BY_SERVER, cell, codeOf, execution, must, stateOf, stream, tryApply } from "../testing/fixtures.ts";

const display = (id: string, more: Partial<SessionDisplay> = {}): SessionDisplay => ({
  id,
  executionId: "run-0001",
  output_type: "display_data",
  data: { "text/plain": id },
  metadata: {},
  execution_count: null,
  ...more,
});
const failure: SessionError = {
  id: "out-0009",
  executionId: "run-0001",
  output_type: "error",
  ename: "Error",
  evalue: "no",
  traceback: ["no"],
};
const opened = (output: SessionOutput, cellId = "a"): ServerOperation => ({ type: "output-opened", cellId, output });
const closed = (outputId: string): ServerOperation => ({
  type: "output-closed",
  cellId: "a",
  outputId,
  bytes: 12,
  hash: "ff",
});
const runs = [execution("run-0001", "a", { status: "running" })];
const showing = (...outputs: SessionOutput[]): SessionState =>
  stateOf([cell("a", "1", { outputs }), cell("b")], { executions: runs });

function nested(depth: number): JsonValue {
  let value: JsonValue = 0;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

describe("output-opened", () => {
  test("[O1] outputs stand in the order they came, of every kind", () => {
    const outputs = [stream("out-0001", "run-0001"), display("out-0002"), failure];
    const { state, effects } = outputs.reduce((last, output) => must(last.state, opened(output), BY_SERVER), {
      state: showing(),
      effects: [],
    } as Pick<ReturnType<typeof must>, "state" | "effects">);
    assert.deepEqual(state, showing(...outputs));
    assert.deepEqual(effects, []);
  });

  test("[O2] a run the cell no longer shows brings nothing, nor does one of another cell", () => {
    assert.equal(
      codeOf(tryApply(showing(), opened(display("out-0001", { executionId: "run-0000" })))),
      "execution-not-found",
    );
    assert.equal(codeOf(tryApply(showing(), opened(display("out-0001"), "b"))), "execution-not-found");
  });

  test("[O2] output after the end still finds its run", () => {
    const ended = stateOf([cell("a", "1")], { executions: [execution("run-0001", "a", { status: "ok" })] });
    assert.equal(must(ended, opened(display("out-0001"))).state.notebook.cells[0]?.outputs.length, 1);
  });

  test("[O2] an id is shown once; Markdown has no outputs; a deleted cell has none", () => {
    const shown = showing(display("out-0001"));
    assert.equal(codeOf(tryApply(shown, opened(display("out-0001")))), "invalid");
    const text = stateOf([cell("a", "", { cell_type: "markdown" })]);
    assert.equal(codeOf(tryApply(text, opened(display("out-0001", { executionId: null })))), "not-a-code-cell");
    assert.equal(codeOf(tryApply(shown, opened(display("out-0002"), "gone"))), "cell-not-found");
  });

  test("[O6] a value that nests too deep to be saved is refused", () => {
    const deep = (depth: number) => opened(display("out-0001", { data: { "application/json": nested(depth) } }));
    assert.equal(codeOf(tryApply(showing(), deep(MAX_VALUE_DEPTH - 2))), "accepted");
    assert.equal(codeOf(tryApply(showing(), deep(MAX_VALUE_DEPTH))), "too-large");
  });
});

describe("output-closed", () => {
  test("[O3] size and hash are final, and told once", () => {
    const { state } = must(showing(stream("out-0001", "run-0001"), failure), closed("out-0001"), BY_SERVER);
    const final = stream("out-0001", "run-0001", { bytes: 12, hash: "ff", closed: true });
    assert.deepEqual(state, showing(final, failure));
    assert.equal(codeOf(tryApply(state, closed("out-0001"))), "output-not-found");
  });

  test("[O3] only a stream that is still shown closes", () => {
    assert.equal(codeOf(tryApply(showing(), closed("out-0001"))), "output-not-found");
    assert.equal(codeOf(tryApply(showing(display("out-0001")), closed("out-0001"))), "output-not-found");
  });
});

describe("output-replaced", () => {
  const replaced: ServerOperation = {
    type: "output-replaced",
    displayId: "bar",
    data: { "text/plain": "50%" },
    metadata: { isolated: true },
  };

  test("[O4] every output of the display changes, in whatever cell, and nothing else does", () => {
    const bar = display("out-0001", { displayId: "bar" });
    const other = display("out-0002", { displayId: "other" });
    const copy = display("out-0003", { displayId: "bar", output_type: "execute_result", execution_count: 3 });
    const before = stateOf([cell("a", "", { outputs: [bar, other] }), cell("b", "", { outputs: [copy] }), cell("c")]);
    const { state } = must(before, replaced, BY_SERVER);
    const news = { data: replaced.data, metadata: replaced.metadata };
    const a = cell("a", "", { outputs: [{ ...bar, ...news }, other] });
    assert.deepEqual(state, stateOf([a, cell("b", "", { outputs: [{ ...copy, ...news }] }), cell("c")]));
    assert.equal(state.notebook.cells[2], before.notebook.cells[2]);
  });

  test("[O4] a display that is shown nowhere is refused; [O6] so is a value too deep", () => {
    assert.equal(codeOf(tryApply(showing(display("out-0001")), replaced)), "output-not-found");
    const deep = { ...replaced, data: { "application/json": nested(MAX_VALUE_DEPTH) } };
    assert.equal(codeOf(tryApply(showing(display("out-0001", { displayId: "bar" })), deep)), "too-large");
  });
});

test("[O5] outputs-cleared empties the cell, keeps its number and gives up what it showed", () => {
  const before = stateOf([cell("a", "1", { outputs: [display("out-0001"), failure], execution_count: 2 })]);
  const { state, effects } = must(before, { type: "outputs-cleared", cellId: "a" }, BY_SERVER);
  assert.deepEqual(state, stateOf([cell("a", "1", { execution_count: 2 })]));
  assert.deepEqual(effects, [{ type: "discard-outputs", outputIds: ["out-0001", "out-0009"] }]);
  assert.equal(must(state, { type: "outputs-cleared", cellId: "a" }).state, state);
});

test("[O7] [T11] data whose keys are names of prototypes is shown as it is", () => {
  const data = JSON.parse('{"application/json":{"__proto__":{"role":"admin"},"constructor":{"prototype":1}}}');
  const { state } = must(showing(), opened(display("out-0001", { data })), BY_SERVER);
  const shown = state.notebook.cells[0]?.outputs[0];
  assert.ok(shown && "data" in shown);
  assert.equal(JSON.stringify(shown.data), JSON.stringify(data));
  assert.equal(({} as Record<string, unknown>).role, undefined);
});
