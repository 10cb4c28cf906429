import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { apply } from "./apply/index.ts";
import type { Entry, Operation } from "./operations.ts";
import { sourceHash } from "./source-hash.ts";
import type { Author, SessionState } from "./state.ts";
import { ADA, BOB, cell, stateOf } from "./testing/fixtures.ts";
import { TIMELINE_LIMIT, type TimelineEvent, timelineSchema, withEntry } from "./timeline.ts";

const MINUTE = 60_000;

/** Applies and tells each operation; `[by, at, op]`. */
function tell(steps: [Author | null, number, Operation][], start = stateOf([cell("a", "1"), cell("b", "2")])) {
  let state: SessionState = start;
  let events: readonly TimelineEvent[] = [];
  const told: { entry: Entry; state: SessionState }[] = [];
  for (const [by, at, op] of steps) {
    const result = apply(state, op, { by, at });
    assert.ok(result.ok, op.type);
    state = result.state;
    const entry: Entry = { seq: told.length + 1, at, by, op };
    told.push({ entry, state });
    events = withEntry(events, entry, state);
  }
  return { events: timelineSchema.parse(events), told };
}

const type = (cellId: string): Operation => ({
  type: "edit-source",
  cellId,
  update: "",
  splices: [{ index: 0, remove: 0, insert: "x" }],
});
const run = (executionId: string, cellId: string, status: "ok" | "error"): [Author | null, Operation][] => [
  [ADA, { type: "run-cells", runs: [{ executionId, cellId, sourceHash: "" }] }],
  [null, { type: "execution-started", executionId, executionCount: 1 }],
  [null, { type: "execution-finished", executionId, status, executionCount: 1 }],
];

describe("the timeline", () => {
  test("[V6] one person's edits of a minute are one event, another person's or a later one's are not", () => {
    const { events } = tell([
      [ADA, 0, type("a")],
      [ADA, 20_000, type("b")],
      [ADA, 30_000, { type: "move-cell", cellId: "a", after: "b", index: 1 }],
      [BOB, 31_000, type("a")],
      [ADA, 32_000, type("a")],
      [ADA, 32_000 + MINUTE + 1, type("a")],
    ]);
    assert.deepEqual(
      events.map((event) => [event.by?.name, event.at, event.kind === "edit" && [event.actions, event.cells]]),
      [
        [
          "Ada",
          0,
          [
            ["edited", "moved"],
            ["a", "b"],
          ],
        ],
        ["Bob", 31_000, [["edited"], ["a"]]],
        ["Ada", 32_000, [["edited"], ["a"]]],
        ["Ada", 92_001, [["edited"], ["a"]]],
      ],
    );
  });

  test("[V6] runs tell who asked, how they ended and how long they took; a failed one stands for itself", () => {
    const state = stateOf([cell("a", "1"), cell("b", "2"), cell("c", "3")]);
    const steps: [Author | null, number, Operation][] = [];
    let at = 1000;
    for (const [id, cellId, status] of [
      ["run-0001", "a", "ok"],
      ["run-0002", "b", "ok"],
      ["run-0003", "c", "error"],
    ] as const) {
      for (const [by, op] of run(id, cellId, status)) {
        steps.push([by, at, op.type === "run-cells" ? withHash(op, state) : op]);
        at += 500;
      }
    }
    const { events } = tell(steps, state);
    const shown = events.map(
      (event) => event.kind === "run" && [event.by?.name, event.outcome, event.runs, event.duration],
    );
    assert.deepEqual(shown, [
      ["Ada", "ok", 2, 1000],
      ["Ada", "error", 1, 500],
    ]);
  });

  test("[V6] restarts, deaths, checkpoints and versions are told", () => {
    const checkpointId = "20261122T101112131Z-0123abcd";
    const dead = { kernelName: "deno", displayName: "Deno", language: "typescript", kernelId: null };
    const { events } = tell([
      [ADA, 1, { type: "restart-kernel" }],
      [null, 2, { type: "kernel-changed", ...dead, status: "dead", detail: "killed by SIGKILL" }],
      [null, 3, { type: "kernel-changed", ...dead, status: "idle" }],
      [ADA, 4, { type: "checkpoint-created", checkpointId, name: "before", reason: "named" }],
      [
        ADA,
        5,
        {
          type: "notebook-replaced",
          ...{ cause: "restored", checkpointId, before: null, label: "before" },
          ...{ cells: [], metadata: {}, nbformat_minor: 5 },
        },
      ],
    ]);
    assert.deepEqual(
      events.map((event) => [event.kind, "what" in event ? event.what : "cause" in event && event.cause]),
      [
        ["kernel", "restarted"],
        ["kernel", "died"],
        ["checkpoint", "created"],
        ["version", "restored"],
      ],
    );
  });

  test("[V7] it is bounded, and the same whether it is told at once or from any point on", () => {
    const steps = Array.from({ length: TIMELINE_LIMIT + 50 }, (_, i): [Author, number, Operation] => [
      i % 3 === 0 ? BOB : ADA,
      i * 30_000,
      type(i % 2 === 0 ? "a" : "b"),
    ]);
    const { events, told } = tell([
      ...steps,
      ...steps.map(([by, at, op]): [Author, number, Operation] => [by, at + 1e9, op]),
    ]);
    assert.equal(events.length, TIMELINE_LIMIT);
    let again: readonly TimelineEvent[] = [];
    for (const { entry, state } of told) {
      // What a restart does: the part that was kept comes back over JSON.
      if (entry.seq % 701 === 0) again = timelineSchema.parse(JSON.parse(JSON.stringify(again)));
      again = withEntry(again, entry, state);
    }
    assert.deepEqual(again, events);
  });
});

function withHash(op: Extract<Operation, { type: "run-cells" }>, state: SessionState): Operation {
  const runs = op.runs.map((one) => ({
    ...one,
    sourceHash: sourceHash(state.notebook.cells.find(({ id }) => id === one.cellId)!.source),
  }));
  return { ...op, runs };
}
