import type { UserOperation } from "./operations.ts";
import type { SessionState } from "./state.ts";

/** What Jupyter's `set_next_input` payload asks for. */
export interface NextInput {
  text: string;
  /** In place of the text that ran, instead of in a cell of its own. */
  replace: boolean;
}

type Op<T extends UserOperation["type"]> = Extract<UserOperation, { type: T }>;

/**
 * The operation that carries it out, to be submitted in the name of who ran it. `cellId` is the new cell's, where
 * there is to be one. Null where the cell that ran is gone.
 * Source: "Messaging in Jupyter", Payloads.
 */
export function nextInput(
  { executions, notebook }: SessionState,
  { executionId, cellId, text, replace }: NextInput & { executionId: string; cellId: string },
): Op<"insert-cell"> | Op<"set-source"> | null {
  const execution = executions.find(({ id }) => id === executionId);
  const at = notebook.cells.findIndex(({ id }) => id === execution?.cellId);
  const cell = notebook.cells[at];
  if (!cell || !execution) return null;
  // What somebody typed meanwhile is worth more than what ran.
  if (replace && cell.source === execution.code) return { type: "set-source", cellId: cell.id, source: text };
  const place = { after: cell.id, index: at + 1 };
  return { type: "insert-cell", cellId, cellType: "code", source: text, metadata: {}, ...place };
}
