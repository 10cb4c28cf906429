import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../model.ts";
import type { ServerOperation, UserOperation } from "../operations.ts";
import { sourceHash } from "../source-hash.ts";
import type { Execution, SessionState } from "../state.ts";
import {
  ADA,
  BOB,
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

const run = (state: SessionState, ...pairs: [executionId: string, cellId: string][]): UserOperation => ({
  type: "run-cells",
  runs: pairs.map(([executionId, cellId]) => ({
    executionId,
    cellId,
    sourceHash: sourceHash(state.notebook.cells.find(({ id }) => id === cellId)?.source ?? ""),
  })),
});
const started = (executionId: string, executionCount: number | null = null): ServerOperation => ({
  type: "execution-started",
  executionId,
  executionCount,
});
const finished = (
  executionId: string,
  status: "ok" | "error" | "interrupted" | "not-run",
  more: { executionCount?: number; reason?: string } = {},
): ServerOperation => ({ type: "execution-finished", executionId, status, executionCount: null, ...more });
const statuses = (state: SessionState) => state.executions.map(({ id, status }) => `${id} ${status}`);
const two = (more: Partial<SessionState> = {}) => stateOf([cell("a", "1"), cell("b", "2")], more);

describe("run-cells", () => {
  test("[R1] runs queue in the order given, with the code, the person and the time", () => {
    const { state, effects } = must(two(), run(two(), ["run-b001", "b"], ["run-a001", "a"]));
    const queued = (id: string, cellId: string, code: string): Execution => ({
      id,
      cellId,
      by: ADA,
      code,
      status: "queued",
      queuedAt: 1_000,
    });
    assert.deepEqual(state, two({ executions: [queued("run-b001", "b", "2"), queued("run-a001", "a", "1")] }));
    assert.deepEqual(effects, [{ type: "advance-queue" }]);
  });

  test("[R2] a text that changed since the person looked is not run, nor is anything with it", () => {
    const seen = run(two(), ["run-a001", "a"], ["run-b001", "b"]);
    const now = must(two(), { type: "set-source", cellId: "b", source: "rm()" }, { by: BOB, at: 1 }).state;
    const result = tryApply(now, seen);
    assert.deepEqual(result, {
      ok: false,
      code: "source-changed",
      message: "Bob changed this cell just now. Look at it and run it again.",
    });
  });

  test("[R2] texts that differ in one character, or in order, have different names", () => {
    const texts = [
      "",
      " ",
      "a",
      "b",
      "ab",
      "ba",
      "aab",
      "aba",
      "a\nb",
      "a b",
      "\u0000",
      "\u0000\u0000",
      "é",
      "e\u0301",
    ];
    assert.equal(new Set(texts.map(sourceHash)).size, texts.length);
    assert.match(sourceHash("x".repeat(1 << 20)), /^[0-9a-f]{16}$/);
  });

  test("[R3] a queued or running cell is not queued again; the others of the submission are", () => {
    const busy = two({ executions: [execution("run-0001", "a", { status: "running" })] });
    assert.equal(codeOf(tryApply(busy, run(busy, ["run-a002", "a"]))), "already-queued");
    const { state } = must(busy, run(busy, ["run-a002", "a"], ["run-b001", "b"], ["run-b002", "b"]));
    assert.deepEqual(statuses(state), ["run-0001 running", "run-b001 queued"]);
  });

  test("[R4] a run's id is used once", () => {
    const known = two({ executions: [execution("run-0001", "a", { status: "ok" })] });
    assert.equal(codeOf(tryApply(known, run(known, ["run-0001", "b"]))), "execution-exists");
    assert.equal(codeOf(tryApply(two(), run(two(), ["run-0001", "a"], ["run-0001", "b"]))), "execution-exists");
  });

  test("[R5] only code cells run, and an empty one is passed over", () => {
    const state = stateOf([cell("a", " \n"), cell("m", "# T", { cell_type: "markdown" })]);
    assert.equal(must(state, run(state, ["run-0001", "a"])).state, state);
    assert.equal(codeOf(tryApply(state, run(state, ["run-0001", "m"]))), "not-a-code-cell");
  });
});

describe("execution-started", () => {
  test("[R6] the outputs, number and run of before go when the new run begins", () => {
    const old = cell("a", "1", { outputs: [stream("out-0001", "run-0000")], execution_count: 3 });
    const runs = [execution("run-0000", "a", { status: "ok" }), execution("run-0001", "a")];
    const { state, effects } = must(stateOf([old], { executions: runs }), started("run-0001", 4), BY_SERVER);
    const running = execution("run-0001", "a", { status: "running", startedAt: 2_000, executionCount: 4 });
    assert.deepEqual(state, stateOf([cell("a", "1")], { executions: [running] }));
    assert.deepEqual(effects, [{ type: "discard-outputs", outputIds: ["out-0001"] }]);
  });

  test("[R6] a second start only brings the number", () => {
    const a = cell("a", "1", { outputs: [stream("out-0001", "run-0001")] });
    const running = execution("run-0001", "a", { status: "running", startedAt: 1 });
    const { state, effects } = must(stateOf([a], { executions: [running] }), started("run-0001", 7), BY_SERVER);
    assert.deepEqual(state, stateOf([a], { executions: [{ ...running, executionCount: 7 }] }));
    assert.deepEqual(effects, []);
  });
});

describe("execution-finished", () => {
  const running = execution("run-0001", "a", { status: "running", startedAt: 1_500, executionCount: 2 });

  test("[R7] the end is recorded at the run and, with who, when and how long, at the cell", () => {
    const before = two({ executions: [running] });
    const { state, effects } = must(before, finished("run-0001", "ok", { executionCount: 5 }), BY_SERVER);
    const record = {
      by: "Ada",
      at: "1970-01-01T00:00:01.500Z",
      ms: 500,
      order: 5,
      status: "ok",
      source: sourceHash("1"),
    };
    const a = cell("a", "1", { execution_count: 5, metadata: { opsbook: { runs: [record] } } });
    const ended = { ...running, status: "ok", finishedAt: 2_000, executionCount: 5 } as const;
    assert.deepEqual(state, stateOf([a, cell("b", "2")], { executions: [ended] }));
    assert.deepEqual(effects, [{ type: "advance-queue" }]);
  });

  test("[R7] the cell keeps its last ten records and whatever else is under our name", () => {
    const runs = Array.from({ length: 10 }, (_, order) => ({ order }));
    const a = cell("a", "1", { metadata: { opsbook: { frozen: true, runs } } });
    const { state } = must(stateOf([a], { executions: [running] }), finished("run-0001", "ok"), BY_SERVER);
    const ours = state.notebook.cells[0]?.metadata.opsbook as JsonObject;
    const orders = (ours.runs as JsonObject[]).map(({ order }) => order);
    assert.deepEqual({ frozen: ours.frozen, orders }, { frozen: true, orders: [1, 2, 3, 4, 5, 6, 7, 8, 9, 2] });
  });

  test("[R8] an error or an interrupt ends the queue; ok, not-run and a raises-exception cell do not", () => {
    const queue = [running, execution("run-0002", "b")];
    const after = (status: "ok" | "error" | "interrupted" | "not-run", metadata: JsonObject = {}) =>
      must(stateOf([cell("a", "1", { metadata }), cell("b", "2")], { executions: queue }), finished("run-0001", status))
        .state.executions[1];
    const ended = { ...queue[1]!, status: "not-run", finishedAt: 1_000 } as const;
    assert.deepEqual(after("error"), { ...ended, reason: "Not run: an earlier cell failed." });
    assert.deepEqual(after("interrupted"), { ...ended, reason: "Not run: an earlier cell was interrupted." });
    assert.deepEqual(after("ok"), queue[1]);
    assert.deepEqual(after("not-run"), queue[1]);
    assert.deepEqual(after("error", { tags: ["raises-exception"] }), queue[1]);
    assert.equal(after("interrupted", { tags: ["raises-exception"] })?.status, "not-run");
  });

  test("[R9] a run that ended neither starts nor ends again, and cannot be cancelled", () => {
    for (const status of ["ok", "error", "interrupted", "not-run"] as const) {
      const state = two({ executions: [execution("run-0001", "a", { status })] });
      for (const op of [started("run-0001"), finished("run-0001", "ok")])
        assert.equal(codeOf(tryApply(state, op)), "execution-not-found");
      assert.equal(codeOf(tryApply(state, { type: "cancel-run", executionId: "run-0001" })), "execution-not-found");
    }
    assert.equal(codeOf(tryApply(two(), started("run-0009"))), "execution-not-found");
  });

  test("[R11] prompts of the run close with it", () => {
    const prompt = { id: "ask-0001", executionId: "run-0001", cellId: "a", text: "?", password: false, openedAt: 1 };
    const other = { ...prompt, id: "ask-0002", executionId: "run-0002" };
    const state = two({ executions: [running], prompts: [prompt, other] });
    assert.deepEqual(must(state, finished("run-0001", "ok")).state.prompts, [other]);
  });
});

describe("cancel-run", () => {
  test("[R10] a queued run ends unrun, a running one is interrupted", () => {
    const queue = two({ executions: [execution("run-0001", "a", { status: "running" }), execution("run-0002", "b")] });
    const cancelled = must(queue, { type: "cancel-run", executionId: "run-0002" });
    const ended = {
      ...queue.executions[1]!,
      status: "not-run",
      finishedAt: 1_000,
      reason: "Cancelled by Ada.",
    } as const;
    assert.deepEqual(cancelled.state, two({ executions: [queue.executions[0]!, ended] }));
    assert.deepEqual(cancelled.effects, [{ type: "cancel-execution", executionId: "run-0002" }]);
    const stopped = must(queue, { type: "cancel-run", executionId: "run-0001" });
    const effects = [{ type: "cancel-execution", executionId: "run-0001" }];
    assert.deepEqual(stopped, { ok: true, state: queue, effects });
  });
});

test("[R12] a cell keeps its last run and its last unrun one, however often it is queued and cancelled", () => {
  let state = two({ executions: [execution("run-0000", "a", { status: "ok" })] });
  for (let at = 1; at <= 20; at++) {
    const executionId = `run-x-${at}`;
    state = must(state, run(state, [executionId, "a"])).state;
    state = must(state, { type: "cancel-run", executionId }).state;
  }
  assert.deepEqual(statuses(state), ["run-0000 ok", "run-x-20 not-run"]);
});

describe("the record of runs", () => {
  const runs = [{ by: "Ada", status: "error" }];
  const before = stateOf([cell("a", "1", { metadata: { opsbook: { runs, frozen: false }, tags: [] } })]);
  const forged = { opsbook: { runs: [{ by: "Bob", status: "ok" }], frozen: true } };
  const metadataAfter = (op: UserOperation, context = BY_ADA) =>
    must(before, op, context).state.notebook.cells.find(({ id }) => id === op.type.slice(0, 1) || id === "a")?.metadata;

  test("[R13] [T12] no person writes it: not by set-metadata", () => {
    const set = (values: JsonObject, unset: string[] = []): UserOperation => ({
      type: "set-metadata",
      cellId: "a",
      set: values,
      unset,
    });
    assert.deepEqual(metadataAfter(set(forged)), { tags: [], opsbook: { runs, frozen: true } });
    assert.deepEqual(metadataAfter(set({ opsbook: 5 })), { tags: [], opsbook: { runs } });
    assert.deepEqual(metadataAfter(set({}, ["opsbook", "tags"])), { opsbook: { runs } });
    assert.deepEqual(metadataAfter(set(forged), BY_SERVER), { tags: [], ...forged });
  });

  test("[R13] [T12] not by insert-cell either, while the server may bring a file's", () => {
    const insert: UserOperation = {
      type: "insert-cell",
      cellId: "i",
      cellType: "code",
      source: "",
      metadata: forged,
      after: null,
      index: 0,
    };
    assert.deepEqual(metadataAfter(insert), { opsbook: { frozen: true } });
    assert.deepEqual(metadataAfter(insert, BY_SERVER), forged);
  });
});
