import type { JsonObject } from "../../model.ts";
import { LIMITS, type ServerOperation, type VersionCell } from "../operations.ts";
import type { SessionCell, SessionState } from "../state.ts";
import { applySplices, trimBin } from "./cells.ts";
import { type ApplyContext, type ApplyResult, cellGone, rejected } from "./result.ts";
import { isActive, notRun } from "./runs.ts";

type Replaced = Extract<ServerOperation, { type: "notebook-replaced" }>;

/**
 * Cells that are named stand in that order; the others go to the bin. A run under way goes on, so its cell must be
 * named and keeps its content. Outputs that are replaced are not discarded: taking this back shows them again.
 */
export function notebookReplaced(state: SessionState, op: Replaced, context: ApplyContext): ApplyResult {
  const old = new Map(state.notebook.cells.map((cell) => [cell.id, cell]));
  const active = new Set(state.executions.filter(isActive).map(({ cellId }) => cellId));
  const named = new Set<string>();
  const cells: SessionCell[] = [];
  for (const version of op.cells) {
    if (named.has(version.cellId)) return rejected("cell-exists", `Cell ${version.cellId} is there twice.`);
    named.add(version.cellId);
    if (version.content && active.has(version.cellId)) return busy();
    const cell = versionOf(old.get(version.cellId), version, context);
    if ("code" in cell) return cell;
    cells.push(cell);
  }
  for (const { cellId, status } of state.executions) if (status === "running" && !named.has(cellId)) return busy();
  const left = notRun(state, {
    reason: `Not run: ${context.by?.name ?? "the server"} put another version of the notebook in its place.`,
    at: context.at,
    which: ({ cellId }) => !named.has(cellId),
  });
  return trimBin(put(left, op, { cells, named, context }));
}

const busy = () => rejected("cell-busy", "A cell is running. Its outputs cannot be replaced before it ends.");

function put(
  state: SessionState,
  op: Replaced,
  { cells, named, context }: { cells: SessionCell[]; named: Set<string>; context: ApplyContext },
): SessionState {
  const { metadata, nbformat_minor, form } = op;
  const gone = state.notebook.cells.flatMap((cell, index) =>
    named.has(cell.id) ? [] : [{ cell, index, by: context.by, at: context.at }],
  );
  const replaced = new Set(op.cells.filter(({ content }) => content).map(({ cellId }) => cellId));
  const bin = [...state.notebook.bin, ...gone];
  const notebook = { metadata, nbformat_minor, cells, bin, ...(form ? { form } : {}) };
  // A run that made other outputs than those shown would say nothing true of them.
  const executions = state.executions.filter((one) => isActive(one) || !replaced.has(one.cellId));
  return { ...state, notebook, executions };
}

function versionOf(
  old: SessionCell | undefined,
  { cellId, content, edit, source }: VersionCell,
  { by, at }: ApplyContext,
): SessionCell | ReturnType<typeof rejected> {
  if (!old) {
    if (!content || source === undefined) return cellGone(cellId);
    if (source.length > LIMITS.source) return rejected("too-large", `Cell ${cellId} holds too long a text.`);
    return { id: cellId, source, version: 0, ...contentOf(content), ...(by ? { editedBy: by, editedAt: at } : {}) };
  }
  const text = applySplices(old.source, edit?.splices ?? []);
  if (text === null) return rejected("invalid", "The edit lies outside the cell's text.");
  if (!content && text === old.source) return old;
  const { id, version, editedBy, editedAt } = old;
  const edited = text !== old.source;
  const author = edited && by ? { editedBy: by, editedAt: at } : editedBy ? { editedBy, editedAt: editedAt ?? 0 } : {};
  const rest = content ? contentOf(content) : old;
  return { ...rest, id, source: text, version: version + (edited ? 1 : 0), ...author };
}

function contentOf(content: NonNullable<VersionCell["content"]>) {
  const { cell_type, metadata, outputs, execution_count, attachments, form } = content;
  return {
    cell_type,
    metadata: metadata as JsonObject,
    outputs,
    execution_count,
    ...(attachments ? { attachments } : {}),
    ...(form ? { form } : {}),
  };
}
