import type { Execution, SessionCell, SessionState } from "./state.ts";

/** What is not stored because it follows from what is. */

export type CellRunState = "idle" | Execution["status"];

/** The cell's active run, else its last. */
export function executionOf(state: SessionState, cellId: string): Execution | undefined {
  return state.executions.findLast((execution) => execution.cellId === cellId);
}

/** True where the text differs from the code as it last ran in this session. */
export function isEditedSinceRun(cell: SessionCell, execution: Execution | undefined): boolean {
  return execution !== undefined && execution.status !== "not-run" && execution.code !== cell.source;
}

/** True where a cell further down ran before this one: the notebook does not read in the order it ran. */
export function isOutOfOrder(state: SessionState, cellId: string): boolean {
  const index = state.notebook.cells.findIndex(({ id }) => id === cellId);
  const count = state.notebook.cells[index]?.execution_count ?? null;
  if (count === null) return false;
  return state.notebook.cells.some(
    (cell, other) => other > index && cell.execution_count !== null && cell.execution_count < count,
  );
}

export interface RunCounts {
  running: number;
  queued: number;
  failed: number;
  stale: number;
}

export function runCounts(state: SessionState): RunCounts {
  const counts: RunCounts = { running: 0, queued: 0, failed: 0, stale: 0 };
  const last = new Map(state.executions.map((execution) => [execution.cellId, execution]));
  for (const cell of state.notebook.cells) {
    const execution = last.get(cell.id);
    if (!execution) continue;
    if (execution.status === "running") counts.running += 1;
    else if (execution.status === "queued") counts.queued += 1;
    else if (execution.status === "error") counts.failed += 1;
    if (isEditedSinceRun(cell, execution)) counts.stale += 1;
  }
  return counts;
}
