import type { Execution, KernelStatus, Runtime, SessionCell, SessionState } from "./state.ts";

/** What is not stored because it follows from what is. */

export type CellRunState = "idle" | Execution["status"];

/** The cell's active run, else its last one that really ran, else one that was queued and not run. */
export function executionOf(state: SessionState, cellId: string): Execution | undefined {
  return pick(state.executions.filter((execution) => execution.cellId === cellId));
}

/** `executionOf` of every cell that has one, in one pass: for whoever looks at all cells. */
export function executionsByCell(state: SessionState): Map<string, Execution> {
  const chosen = new Map<string, Execution>();
  for (const execution of state.executions) {
    const other = chosen.get(execution.cellId);
    chosen.set(execution.cellId, other ? pick([other, execution])! : execution);
  }
  return chosen;
}

function pick(executions: Execution[]): Execution | undefined {
  return executions.findLast(({ status }) => status !== "not-run") ?? executions.at(-1);
}

/** True where the text differs from the code as it last ran in this session. */
export function isEditedSinceRun(cell: SessionCell, execution: Execution | undefined): boolean {
  return execution !== undefined && execution.status !== "not-run" && execution.code !== cell.source;
}

/** Cells above one that ran before them: the notebook does not read in the order it ran. */
export function outOfOrderCells(state: SessionState): Set<string> {
  const found = new Set<string>();
  let lowest = Number.POSITIVE_INFINITY;
  for (const { id, execution_count: count } of state.notebook.cells.toReversed()) {
    if (count === null) continue;
    if (count > lowest) found.add(id);
    lowest = Math.min(lowest, count);
  }
  return found;
}

export function isOutOfOrder(state: SessionState, cellId: string): boolean {
  return outOfOrderCells(state).has(cellId);
}

export interface RunCounts {
  running: number;
  queued: number;
  failed: number;
  stale: number;
}

export function runCounts(state: SessionState): RunCounts {
  const counts: RunCounts = { running: 0, queued: 0, failed: 0, stale: 0 };
  const last = executionsByCell(state);
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

/** The kernel's own word for being busy comes late or not at all; that a cell runs is known. */
export function kernelStatusOf({ status }: Runtime, running: number): KernelStatus {
  return status === "idle" && running > 0 ? "busy" : status;
}
