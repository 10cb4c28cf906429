import type { SessionState, UserOperation } from "@opsbook/notebook/session";

const KEPT = 200;

/** A change that is no operation of this page, such as a restore. Doing it gives the step that takes it back. */
export type UndoStep = () => Promise<UndoStep>;
type Step = UserOperation[] | UndoStep;

/**
 * Undo of what this person did to the notebook's structure: added, deleted, moved, changed the type of a cell.
 * Text has its own, per cell. Each step holds the operations that take it back, made from the state before it.
 */
export class StructuralUndo {
  #done: Step[] = [];
  #undone: Step[] = [];

  get canUndo(): boolean {
    return this.#done.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** Notes operations that are about to be submitted together. */
  record(ops: readonly UserOperation[], state: SessionState): void {
    const back = inverses(ops, state);
    if (back.length === 0) return;
    this.#done = [...this.#done, back].slice(-KEPT);
    this.#undone = [];
  }

  /** Notes a step that was done by other means. */
  recordStep(back: UndoStep): void {
    this.#done = [...this.#done, back].slice(-KEPT);
    this.#undone = [];
  }

  /** The operations to submit, or the end of a step that is no operation. */
  undo(state: SessionState): UserOperation[] | Promise<void> {
    return turn(this.#done, this.#undone, state);
  }

  redo(state: SessionState): UserOperation[] | Promise<void> {
    return turn(this.#undone, this.#done, state);
  }
}

/** Takes the last step off one list; what would take that back goes to the other. */
function turn(from: Step[], to: Step[], state: SessionState): UserOperation[] | Promise<void> {
  const step = from.pop() ?? [];
  if (typeof step === "function") return step().then((back) => void to.push(back));
  if (step.length > 0) to.push(inverses(step, state));
  return step;
}

function inverses(ops: readonly UserOperation[], state: SessionState): UserOperation[] {
  return ops
    .map((op) => inverse(op, state))
    .filter((op) => op !== null)
    .reverse();
}

function inverse(op: UserOperation, state: SessionState): UserOperation | null {
  const { cells } = state.notebook;
  switch (op.type) {
    case "insert-cell":
    case "restore-cell":
      return { type: "delete-cell", cellId: op.cellId };
    case "delete-cell":
      return { type: "restore-cell", cellId: op.cellId };
    case "move-cell": {
      const index = cells.findIndex(({ id }) => id === op.cellId);
      return index < 0 ? null : { type: "move-cell", cellId: op.cellId, after: cells[index - 1]?.id ?? null, index };
    }
    case "set-cell-type": {
      const cell = cells.find(({ id }) => id === op.cellId);
      return cell ? { type: "set-cell-type", cellId: op.cellId, cellType: cell.cell_type } : null;
    }
    case "set-source": {
      const cell = cells.find(({ id }) => id === op.cellId);
      return cell ? { type: "set-source", cellId: op.cellId, source: cell.source } : null;
    }
    default:
      return null;
  }
}
