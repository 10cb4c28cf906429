import type { JsonObject } from "../../model.ts";
import type { Rejected, RejectionCode } from "../operations.ts";
import type { Author, SessionCell, SessionState } from "../state.ts";

/** What the owner of a session does after an operation; a viewer's replica ignores them. */
export type Effect =
  | { type: "advance-queue" }
  | { type: "interrupt-kernel" }
  /** The kernel may have the run already, also where the state calls it queued. */
  | { type: "cancel-execution"; executionId: string }
  | { type: "continue-execution" }
  | { type: "restart-kernel" }
  | { type: "select-kernel"; kernelName: string }
  | { type: "send-input"; promptId: string; value: string }
  | { type: "send-answer"; promptId: string; answer: JsonObject }
  /** Spools and blobs of these outputs are no longer shown anywhere. */
  | { type: "discard-outputs"; outputIds: string[] };

export interface Applied {
  ok: true;
  state: SessionState;
  effects: Effect[];
}

export type ApplyResult = Applied | Rejected;

/** Who submitted the operation (null: the server) and when, in milliseconds since the epoch. */
export interface ApplyContext {
  by: Author | null;
  at: number;
}

export const applied = (state: SessionState, effects: Effect[] = []): Applied => ({ ok: true, state, effects });

export const rejected = (code: RejectionCode, message: string): Rejected => ({ ok: false, code, message });

export const cellGone = (cellId: string) =>
  rejected("cell-not-found", `Cell ${cellId} is not in the notebook any more; somebody may have deleted it.`);

export function withCells(state: SessionState, cells: SessionCell[]): SessionState {
  return { ...state, notebook: { ...state.notebook, cells } };
}

/** Replaces one cell; null where it is not there. Untouched cells keep their identity. */
export function updateCell(
  state: SessionState,
  cellId: string,
  change: (cell: SessionCell) => SessionCell,
): SessionState | null {
  const index = state.notebook.cells.findIndex((cell) => cell.id === cellId);
  if (index < 0) return null;
  return withCells(state, state.notebook.cells.with(index, change(state.notebook.cells[index]!)));
}

export const outputIds = (cell: SessionCell): string[] => cell.outputs.map((output) => output.id);
