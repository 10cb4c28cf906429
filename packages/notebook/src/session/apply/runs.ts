import type { JsonObject, JsonValue } from "../../model.ts";
import type { ServerOperation, UserOperation } from "../operations.ts";
import { sourceHash } from "../source-hash.ts";
import type { Author, Execution, SessionCell, SessionState } from "../state.ts";
import { goingOn, runningNow } from "./breakpoints.ts";
import {
  type ApplyContext,
  type ApplyResult,
  applied,
  cellGone,
  type Effect,
  outputIds,
  rejected,
  updateCell,
} from "./result.ts";

type Op<T extends (UserOperation | ServerOperation)["type"]> = Extract<UserOperation | ServerOperation, { type: T }>;

const SERVER: Author = { id: "server", name: "server" };
const RUNS_KEPT = 10;

/** Waits for its turn or runs. */
export const isActive = ({ status }: Execution) => status === "queued" || status === "running";

export function runCells(state: SessionState, op: Op<"run-cells">, { by, at }: ApplyContext): ApplyResult {
  const cells = new Map(state.notebook.cells.map((cell) => [cell.id, cell]));
  const busy = new Set(state.executions.filter(isActive).map(({ cellId }) => cellId));
  const known = new Set(state.executions.map(({ id }) => id));
  const added: Execution[] = [];
  let skipped = 0;
  for (const run of op.runs) {
    const cell = cells.get(run.cellId);
    if (!cell) return cellGone(run.cellId);
    if (cell.cell_type !== "code") return rejected("not-a-code-cell", "Only code cells can be run.");
    if (known.has(run.executionId)) return rejected("execution-exists", "This run was submitted already.");
    if (sourceHash(cell.source) !== run.sourceHash) return sourceChanged(cell);
    if (busy.has(run.cellId)) {
      skipped += 1;
      continue;
    }
    if (cell.source.trim() === "") continue;
    busy.add(run.cellId);
    known.add(run.executionId);
    added.push({
      id: run.executionId,
      cellId: run.cellId,
      by: by ?? SERVER,
      code: cell.source,
      status: "queued",
      queuedAt: at,
    });
  }
  if (added.length === 0 && skipped > 0)
    return rejected("already-queued", "This cell is running or queued already; stop it or wait for its end.");
  if (added.length === 0) return applied(state);
  const queued = new Set(added.map(({ cellId }) => cellId));
  // A run that never happened tells nothing once the cell is queued again; kept, they would pile up.
  const kept = state.executions.filter(({ cellId, status }) => status !== "not-run" || !queued.has(cellId));
  return applied({ ...state, executions: [...kept, ...added] }, [{ type: "advance-queue" }]);
}

function sourceChanged(cell: SessionCell): ApplyResult {
  const who = cell.editedBy?.name ?? "Somebody";
  return rejected("source-changed", `${who} changed this cell just now. Look at it and run it again.`);
}

/** Outputs of the last run stay visible while the cell is queued; they go when the new run starts. */
export function executionStarted(state: SessionState, op: Op<"execution-started">, { at }: ApplyContext): ApplyResult {
  const execution = state.executions.find(({ id }) => id === op.executionId);
  if (!execution || !isActive(execution)) return rejected("execution-not-found", "This run has ended already.");
  if (execution.status === "running") return applied(updateExecution(state, op.executionId, countOf(op)));
  const { cellId } = execution;
  const effects: Effect[] = [];
  const cleared = updateCell(state, cellId, (cell) => {
    if (cell.outputs.length > 0) effects.push({ type: "discard-outputs", outputIds: outputIds(cell) });
    return { ...cell, outputs: [], execution_count: null };
  });
  if (!cleared) return cellGone(cellId);
  const executions = cleared.executions.filter((other) => other.cellId !== cellId || isActive(other));
  const next = updateExecution({ ...cleared, executions }, op.executionId, {
    status: "running",
    startedAt: at,
    ...countOf(op),
  });
  return applied(next, effects);
}

const countOf = ({ executionCount }: { executionCount: number | null }) =>
  executionCount === null ? {} : { executionCount };

function updateExecution(state: SessionState, id: string, change: Partial<Execution>): SessionState {
  return {
    ...state,
    executions: state.executions.map((execution) => (execution.id === id ? { ...execution, ...change } : execution)),
  };
}

/** As in Jupyter: a failed or interrupted cell takes the queue with it, unless tagged `raises-exception`. */
export function executionFinished(
  state: SessionState,
  op: Op<"execution-finished">,
  context: ApplyContext,
): ApplyResult {
  const execution = state.executions.find(({ id }) => id === op.executionId);
  if (!execution || !isActive(execution)) return rejected("execution-not-found", "This run has ended already.");
  const count = op.executionCount ?? execution.executionCount ?? null;
  const finished: Execution = {
    ...goingOn(execution),
    status: op.status,
    finishedAt: context.at,
    ...(count === null ? {} : { executionCount: count }),
    ...(op.reason === undefined ? {} : { reason: op.reason }),
  };
  const cell = state.notebook.cells.find(({ id }) => id === execution.cellId);
  const stops = (op.status === "error" && !hasTag(cell, "raises-exception")) || op.status === "interrupted";
  const executions = state.executions.map((other) => (other === execution ? finished : other));
  let next: SessionState = { ...state, executions };
  next = { ...next, prompts: next.prompts.filter(({ executionId }) => executionId !== op.executionId) };
  if (cell && op.status !== "not-run")
    next = updateCell(next, cell.id, (old) => recordRun({ ...old, execution_count: count }, finished)) ?? next;
  if (stops) next = notRun(next, { reason: `Not run: an earlier cell ${endWord(op.status)}.`, at: context.at });
  return applied(next, [{ type: "advance-queue" }]);
}

const endWord = (status: "ok" | "error" | "interrupted" | "not-run") =>
  status === "interrupted" ? "was interrupted" : "failed";

/** Ends queued runs without running them: all of them, or those that `which` picks. */
export function notRun(
  state: SessionState,
  { reason, at, which = () => true }: { reason: string; at: number; which?: (execution: Execution) => boolean },
): SessionState {
  const ends = (execution: Execution) => execution.status === "queued" && which(execution);
  if (!state.executions.some(ends)) return state;
  return {
    ...state,
    executions: state.executions.map((execution) =>
      ends(execution) ? { ...execution, status: "not-run", finishedAt: at, reason } : execution,
    ),
  };
}

function hasTag(cell: SessionCell | undefined, tag: string): boolean {
  const tags = cell?.metadata.tags;
  return Array.isArray(tags) && tags.includes(tag);
}

const asObject = (value: JsonValue | undefined) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};

/** `metadata.opsbook.runs`, where it is the list that `recordRun` keeps. */
export function ranBy(metadata: JsonObject): JsonValue[] | undefined {
  const { runs } = asObject(metadata.opsbook);
  return Array.isArray(runs) ? runs : undefined;
}

/** The metadata with this record of runs and no other: who ran what is the server's to say. */
export function withRuns(metadata: JsonObject, runs: JsonValue[] | undefined): JsonObject {
  if (runs === undefined && !Object.hasOwn(asObject(metadata.opsbook), "runs")) return metadata;
  const { runs: _theirs, ...ours } = asObject(metadata.opsbook);
  return { ...metadata, opsbook: runs === undefined ? ours : { ...ours, runs } };
}

/** Who, when (ISO 8601), how long (ms), its number and its end; the newest last. */
function recordRun(cell: SessionCell, execution: Execution): SessionCell {
  const runs = ranBy(cell.metadata) ?? [];
  const run = {
    by: execution.by.name,
    at: new Date(execution.startedAt ?? execution.queuedAt).toISOString(),
    ms: (execution.finishedAt ?? 0) - (execution.startedAt ?? execution.finishedAt ?? 0),
    order: execution.executionCount ?? null,
    status: execution.status,
    source: sourceHash(execution.code),
  };
  return { ...cell, metadata: withRuns(cell.metadata, [...runs, run].slice(-RUNS_KEPT)) };
}

export function cancelRun(state: SessionState, op: Op<"cancel-run">, { by, at }: ApplyContext): ApplyResult {
  const execution = state.executions.find(({ id }) => id === op.executionId);
  if (!execution || !isActive(execution)) return rejected("execution-not-found", "This run has ended already.");
  const effects: Effect[] = [{ type: "cancel-execution", executionId: op.executionId }];
  if (execution.status === "running" && runningNow(state.executions) !== execution)
    return rejected("cell-busy", "Another cell runs or waits at a breakpoint of this one. End that one first.");
  if (execution.status === "running") return applied(state, effects);
  const reason = `Cancelled by ${by?.name ?? "the server"}.`;
  return applied(updateExecution(state, op.executionId, { status: "not-run", finishedAt: at, reason }), effects);
}
