import { LIMITS, type Splice, type UserOperation } from "../operations.ts";
import { BIN_LIMIT, type SessionCell, type SessionState } from "../state.ts";
import {
  type ApplyContext,
  type ApplyResult,
  applied,
  cellGone,
  type Effect,
  outputIds,
  rejected,
  updateCell,
  withCells,
} from "./result.ts";

type Op<T extends UserOperation["type"]> = Extract<UserOperation, { type: T }>;

const isActive = (state: SessionState, cellId: string, status: "queued" | "running") =>
  state.executions.some((execution) => execution.cellId === cellId && execution.status === status);

/** After `after` where it still exists (null: on top), else at `index`. */
function insertAt(cells: SessionCell[], cell: SessionCell, op: { after: string | null; index: number }): SessionCell[] {
  const anchor = op.after === null ? -1 : cells.findIndex(({ id }) => id === op.after);
  const found = op.after === null || anchor >= 0;
  return cells.toSpliced(found ? anchor + 1 : Math.min(op.index, cells.length), 0, cell);
}

export function insertCell(state: SessionState, op: Op<"insert-cell">, { by, at }: ApplyContext): ApplyResult {
  const { cells } = state.notebook;
  if (cells.some(({ id }) => id === op.cellId)) return rejected("cell-exists", `A cell ${op.cellId} exists already.`);
  if (cells.length >= LIMITS.cells)
    return rejected("too-large", `A notebook holds at most ${LIMITS.cells} cells; split it into two.`);
  const cell: SessionCell = {
    id: op.cellId,
    cell_type: op.cellType,
    source: op.source,
    metadata: op.metadata,
    outputs: [],
    execution_count: null,
    version: 0,
    ...(by ? { editedBy: by, editedAt: at } : {}),
  };
  return applied(withCells(state, insertAt(cells, cell, op)));
}

export function deleteCell(state: SessionState, op: Op<"delete-cell">, { by, at }: ApplyContext): ApplyResult {
  const { cells, bin } = state.notebook;
  const index = cells.findIndex(({ id }) => id === op.cellId);
  const cell = cells[index];
  if (!cell) return cellGone(op.cellId);
  if (isActive(state, op.cellId, "running"))
    return rejected("cell-busy", "This cell is running. Interrupt it before deleting it.");
  const nextBin = [...bin, { cell, index, by, at }];
  const dropped = nextBin.slice(0, Math.max(0, nextBin.length - BIN_LIMIT)).flatMap((entry) => outputIds(entry.cell));
  return applied(
    {
      ...state,
      executions: state.executions.filter(({ cellId, status }) => cellId !== op.cellId || status !== "queued"),
      notebook: { ...state.notebook, cells: cells.toSpliced(index, 1), bin: nextBin.slice(-BIN_LIMIT) },
    },
    dropped.length > 0 ? [{ type: "discard-outputs", outputIds: dropped }] : [],
  );
}

export function restoreCell(state: SessionState, op: Op<"restore-cell">): ApplyResult {
  const { cells, bin } = state.notebook;
  const at = bin.findLastIndex(({ cell }) => cell.id === op.cellId);
  const entry = bin[at];
  if (!entry) return rejected("nothing-to-restore", "This cell is not among the deleted ones any more.");
  if (cells.some(({ id }) => id === op.cellId)) return rejected("cell-exists", "This cell is back already.");
  return applied({
    ...state,
    notebook: {
      ...state.notebook,
      cells: cells.toSpliced(Math.min(entry.index, cells.length), 0, entry.cell),
      bin: bin.toSpliced(at, 1),
    },
  });
}

export function moveCell(state: SessionState, op: Op<"move-cell">): ApplyResult {
  const { cells } = state.notebook;
  const cell = cells.find(({ id }) => id === op.cellId);
  if (!cell) return cellGone(op.cellId);
  if (op.after === op.cellId) return applied(state);
  return applied(
    withCells(
      state,
      insertAt(
        cells.filter(({ id }) => id !== op.cellId),
        cell,
        op,
      ),
    ),
  );
}

export function setCellType(state: SessionState, op: Op<"set-cell-type">): ApplyResult {
  if (isActive(state, op.cellId, "running") || isActive(state, op.cellId, "queued"))
    return rejected("cell-busy", "This cell is running or queued. Stop it before changing its type.");
  const effects: Effect[] = [];
  const next = updateCell(state, op.cellId, (cell) => {
    if (cell.cell_type === op.cellType) return cell;
    if (cell.outputs.length > 0) effects.push({ type: "discard-outputs", outputIds: outputIds(cell) });
    const { form: _form, ...rest } = cell;
    return { ...rest, cell_type: op.cellType, outputs: [], execution_count: null };
  });
  if (!next) return cellGone(op.cellId);
  return applied({ ...next, executions: next.executions.filter(({ cellId }) => cellId !== op.cellId) }, effects);
}

/** Null where a splice lies outside the text. */
export function applySplices(source: string, splices: readonly Splice[]): string | null {
  let text = source;
  for (const { index, remove, insert } of splices) {
    if (index + remove > text.length) return null;
    text = text.slice(0, index) + insert + text.slice(index + remove);
  }
  return text;
}

export function editSource(state: SessionState, op: Op<"edit-source">, context: ApplyContext): ApplyResult {
  const cell = state.notebook.cells.find(({ id }) => id === op.cellId);
  if (!cell) return cellGone(op.cellId);
  const source = applySplices(cell.source, op.splices ?? []);
  if (source === null) return rejected("invalid", "The edit lies outside the cell's text.");
  return replaceSource(state, cell, { source, ...context });
}

export function setSource(state: SessionState, op: Op<"set-source">, context: ApplyContext): ApplyResult {
  const cell = state.notebook.cells.find(({ id }) => id === op.cellId);
  if (!cell) return cellGone(op.cellId);
  return replaceSource(state, cell, { source: op.source, ...context });
}

function replaceSource(
  state: SessionState,
  cell: SessionCell,
  { source, by, at }: ApplyContext & { source: string },
): ApplyResult {
  if (source.length > LIMITS.source)
    return rejected("too-large", `A cell holds at most ${LIMITS.source} characters; put the text into a file.`);
  if (source === cell.source) return applied(state);
  const edited = { ...cell, source, version: cell.version + 1, ...(by ? { editedBy: by, editedAt: at } : {}) };
  return applied(updateCell(state, cell.id, () => edited)!);
}

export function setMetadata(state: SessionState, op: Op<"set-metadata">): ApplyResult {
  const change = (metadata: SessionCell["metadata"]) => {
    const unset = new Set(op.unset);
    return Object.fromEntries([
      ...Object.entries(metadata).filter(([key]) => !unset.has(key) && !Object.hasOwn(op.set, key)),
      ...Object.entries(op.set),
    ]);
  };
  if (JSON.stringify(op.set).length > LIMITS.metadata)
    return rejected("too-large", `Metadata takes at most ${LIMITS.metadata} characters.`);
  if (op.cellId === null)
    return applied({ ...state, notebook: { ...state.notebook, metadata: change(state.notebook.metadata) } });
  const next = updateCell(state, op.cellId, (cell) => ({ ...cell, metadata: change(cell.metadata) }));
  return next ? applied(next) : cellGone(op.cellId);
}

export function clearOutputs(state: SessionState, op: Op<"clear-outputs">): ApplyResult {
  const chosen = op.cellIds === null ? null : new Set(op.cellIds);
  const cleared = state.notebook.cells.filter(({ id }) => chosen === null || chosen.has(id));
  const cells = state.notebook.cells.map((cell) =>
    cleared.includes(cell) && (cell.outputs.length > 0 || cell.execution_count !== null)
      ? { ...cell, outputs: [], execution_count: null }
      : cell,
  );
  const ids = cleared.flatMap(outputIds);
  return applied(withCells(state, cells), ids.length > 0 ? [{ type: "discard-outputs", outputIds: ids }] : []);
}
