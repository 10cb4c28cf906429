import type { JsonObject } from "../../model.ts";
import { normalizeNewlines } from "../../text.ts";
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
import { notRun, ranBy, withRuns } from "./runs.ts";

type Op<T extends UserOperation["type"]> = Extract<UserOperation, { type: T }>;

const cellOf = (state: SessionState, cellId: string) => state.notebook.cells.find(({ id }) => id === cellId);

const hasRun = (state: SessionState, cellId: string, status: "queued" | "running") =>
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
  if (cells.length >= LIMITS.cells) return tooManyCells();
  const source = normalizeNewlines(op.source);
  const tooLarge = sourceFault(source) ?? metadataFault(op.metadata);
  if (tooLarge) return tooLarge;
  const cell: SessionCell = {
    id: op.cellId,
    cell_type: op.cellType,
    source,
    metadata: by ? withRuns(op.metadata, undefined) : op.metadata,
    outputs: [],
    execution_count: null,
    version: 0,
    ...(by ? { editedBy: by, editedAt: at } : {}),
  };
  return applied(withCells(state, insertAt(cells, cell, op)));
}

const tooManyCells = () => rejected("too-large", `A notebook holds at most ${LIMITS.cells} cells; split it into two.`);

const sourceFault = (source: string) =>
  source.length > LIMITS.source
    ? rejected("too-large", `A cell holds at most ${LIMITS.source} characters; put the text into a file.`)
    : null;

const metadataFault = (metadata: JsonObject) =>
  JSON.stringify(metadata).length > LIMITS.metadata
    ? rejected("too-large", `Metadata takes at most ${LIMITS.metadata} characters.`)
    : null;

export function deleteCell(state: SessionState, op: Op<"delete-cell">, { by, at }: ApplyContext): ApplyResult {
  const { cells, bin } = state.notebook;
  const index = cells.findIndex(({ id }) => id === op.cellId);
  const cell = cells[index];
  if (!cell) return cellGone(op.cellId);
  if (hasRun(state, op.cellId, "running"))
    return rejected("cell-busy", "This cell is running. Interrupt it before deleting it.");
  const nextBin = [...bin, { cell, index, by, at }];
  const left = notRun(state, {
    reason: `Not run: ${by?.name ?? "the server"} deleted the cell.`,
    at,
    which: ({ cellId }) => cellId === op.cellId,
  });
  const kept = { ...left, notebook: { ...left.notebook, cells: cells.toSpliced(index, 1), bin: nextBin } };
  return trimBin(kept);
}

/** What falls out of the bin can never be shown again: its outputs and its runs go with it. */
export function trimBin(state: SessionState): ApplyResult {
  const { bin, cells } = state.notebook;
  if (bin.length <= BIN_LIMIT) return applied(state);
  const dropped = bin.slice(0, -BIN_LIMIT);
  const kept = bin.slice(-BIN_LIMIT);
  const known = new Set([...cells.map(({ id }) => id), ...kept.map(({ cell }) => cell.id)]);
  const ids = dropped.flatMap(({ cell }) => outputIds(cell));
  return applied(
    {
      ...state,
      executions: state.executions.filter(({ cellId }) => known.has(cellId)),
      notebook: { ...state.notebook, bin: kept },
    },
    ids.length > 0 ? [{ type: "discard-outputs", outputIds: ids }] : [],
  );
}

export function restoreCell(state: SessionState, op: Op<"restore-cell">): ApplyResult {
  const { cells, bin } = state.notebook;
  if (cells.length >= LIMITS.cells) return tooManyCells();
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
  if (hasRun(state, op.cellId, "running") || hasRun(state, op.cellId, "queued"))
    return rejected("cell-busy", "This cell is running or queued. Stop it before changing its type.");
  const effects: Effect[] = [];
  const next = updateCell(state, op.cellId, (cell) => {
    if (cell.cell_type === op.cellType) return cell;
    if (cell.outputs.length > 0) effects.push({ type: "discard-outputs", outputIds: outputIds(cell) });
    return { ...cell, cell_type: op.cellType, outputs: [], execution_count: null };
  });
  if (!next) return cellGone(op.cellId);
  if (cellOf(next, op.cellId) === cellOf(state, op.cellId)) return applied(state);
  return applied({ ...next, executions: next.executions.filter(({ cellId }) => cellId !== op.cellId) }, effects);
}

/** Null where a splice lies outside the text. Splices that go from left to right cost one pass together. */
export function applySplices(source: string, splices: readonly Splice[]): string | null {
  let done: string[] = [];
  let length = 0;
  let rest = source;
  let at = 0;
  for (const { index, remove, insert } of splices) {
    if (index < length) {
      rest = done.join("") + rest.slice(at);
      done = [];
      length = 0;
      at = 0;
    }
    const from = at + index - length;
    if (from + remove > rest.length) return null;
    done.push(rest.slice(at, from), insert);
    length = index + insert.length;
    at = from + remove;
  }
  return done.join("") + rest.slice(at);
}

export function editSource(state: SessionState, op: Op<"edit-source">, context: ApplyContext): ApplyResult {
  const cell = cellOf(state, op.cellId);
  if (!cell) return cellGone(op.cellId);
  const source = applySplices(cell.source, op.splices ?? []);
  if (source === null) return rejected("invalid", "The edit lies outside the cell's text.");
  return replaceSource(state, cell, { source, ...context });
}

export function setSource(state: SessionState, op: Op<"set-source">, context: ApplyContext): ApplyResult {
  const cell = cellOf(state, op.cellId);
  if (!cell) return cellGone(op.cellId);
  return replaceSource(state, cell, { source: normalizeNewlines(op.source), ...context });
}

function replaceSource(
  state: SessionState,
  cell: SessionCell,
  { source, by, at }: ApplyContext & { source: string },
): ApplyResult {
  const tooLarge = sourceFault(source);
  if (tooLarge) return tooLarge;
  if (source === cell.source) return applied(state);
  const edited = { ...cell, source, version: cell.version + 1, ...(by ? { editedBy: by, editedAt: at } : {}) };
  return applied(updateCell(state, cell.id, () => edited)!);
}

export function setMetadata(state: SessionState, op: Op<"set-metadata">, { by }: ApplyContext): ApplyResult {
  const unset = new Set(op.unset);
  const change = (metadata: JsonObject): JsonObject =>
    Object.fromEntries([
      ...Object.entries(metadata).filter(([key]) => !unset.has(key) && !Object.hasOwn(op.set, key)),
      ...Object.entries(op.set),
    ]);
  const tooLarge = metadataFault(op.set);
  if (tooLarge) return tooLarge;
  if (op.cellId === null)
    return applied({ ...state, notebook: { ...state.notebook, metadata: change(state.notebook.metadata) } });
  const next = updateCell(state, op.cellId, (cell) => {
    const metadata = change(cell.metadata);
    return { ...cell, metadata: by ? withRuns(metadata, ranBy(cell.metadata)) : metadata };
  });
  return next ? applied(next) : cellGone(op.cellId);
}

export function clearOutputs(state: SessionState, op: Op<"clear-outputs">): ApplyResult {
  const chosen = op.cellIds === null ? null : new Set(op.cellIds);
  const ids: string[] = [];
  let changed = false;
  const cells = state.notebook.cells.map((cell) => {
    if (chosen !== null && !chosen.has(cell.id)) return cell;
    if (cell.outputs.length === 0 && cell.execution_count === null) return cell;
    changed = true;
    for (const { id } of cell.outputs) ids.push(id);
    return { ...cell, outputs: [], execution_count: null };
  });
  if (!changed) return applied(state);
  return applied(withCells(state, cells), ids.length > 0 ? [{ type: "discard-outputs", outputIds: ids }] : []);
}
