import { isActive } from "./apply/index.ts";
import type { ServerOperation, VersionCell } from "./operations.ts";
import type { SessionCell, SessionNotebook, SessionState } from "./state.ts";
import type { TextChange } from "./text.ts";

type Replaced = Extract<ServerOperation, { type: "notebook-replaced" }>;

export interface Replacement extends Pick<Replaced, "cause" | "checkpointId" | "before" | "label"> {
  target: SessionNotebook;
  /** Only this cell takes the target's version. */
  onlyCell?: string;
  /** True where the outputs the cell shows now are those of the target, so that they stay in place. */
  sameOutputs(cellId: string): boolean;
  /** Changes the open document of a cell; called once for each text that differs. */
  edit(cellId: string, before: string, after: string): TextChange;
}

/**
 * The operation that puts another version of the notebook in place of this one. Cells match by id. What runs or waits
 * goes on: its cell stays, with its outputs, and takes the other version's text. The kernel's name stays too.
 * Submit it in the same turn.
 */
export function replaceNotebook(state: SessionState, replacement: Replacement): Replaced {
  const { target, onlyCell, cause, checkpointId, before, label } = replacement;
  const { notebook } = state;
  const old = new Map(notebook.cells.map((cell) => [cell.id, cell]));
  const active = new Set(state.executions.filter(isActive).map(({ cellId }) => cellId));
  const versions = new Map(target.cells.map((cell) => [cell.id, cell]));
  const isTaken = (cellId: string) => versions.has(cellId) && (onlyCell === undefined || cellId === onlyCell);
  const order = onlyCell === undefined ? wholeOrder(notebook, target, active) : orderWith(notebook, target, onlyCell);
  const cells = order.map((cellId): VersionCell => {
    const version = versions.get(cellId);
    if (!version || !isTaken(cellId)) return { cellId };
    return versionCell(old.get(cellId), version, { active: active.has(cellId), replacement });
  });
  const { kernelspec, language_info } = notebook.metadata;
  const kernel = { ...(kernelspec ? { kernelspec } : {}), ...(language_info ? { language_info } : {}) };
  const whole = onlyCell === undefined ? target : notebook;
  return {
    type: "notebook-replaced",
    ...{ cause, checkpointId, before, label, cells },
    metadata: onlyCell === undefined ? { ...target.metadata, ...kernel } : notebook.metadata,
    nbformat_minor: whole.nbformat_minor,
    ...(whole.form ? { form: whole.form } : {}),
  };
}

function versionCell(
  old: SessionCell | undefined,
  version: SessionCell,
  { active, replacement }: { active: boolean; replacement: Replacement },
): VersionCell {
  const { id: cellId, source } = version;
  const content = {
    cell_type: version.cell_type,
    metadata: version.metadata,
    outputs: version.outputs,
    execution_count: version.execution_count,
    ...(version.attachments ? { attachments: version.attachments } : {}),
    ...(version.form ? { form: version.form } : {}),
  };
  if (!old) return { cellId, source, content };
  const edit = old.source === source ? {} : { edit: replacement.edit(cellId, old.source, source) };
  const sameOutputs = replacement.sameOutputs(cellId);
  if (active || (sameOutputs && sameContent(old, version))) return { cellId, ...edit };
  return { cellId, ...edit, content: sameOutputs ? { ...content, outputs: old.outputs } : content };
}

const sameContent = (a: SessionCell, b: SessionCell) =>
  a.cell_type === b.cell_type && a.execution_count === b.execution_count && rest(a) === rest(b);

const rest = ({ metadata, attachments, form }: SessionCell) => JSON.stringify([metadata, attachments, form]);

/** The target's order, with cells that run and are not part of it after the neighbour they have now. */
function wholeOrder(now: SessionNotebook, target: SessionNotebook, active: ReadonlySet<string>): string[] {
  const order = target.cells.map(({ id }) => id);
  const taken = new Set(order);
  let previous: string | null = null;
  for (const { id } of now.cells) {
    if (active.has(id) && !taken.has(id)) {
      order.splice(previous === null ? 0 : order.indexOf(previous) + 1, 0, id);
      taken.add(id);
    }
    if (taken.has(id)) previous = id;
  }
  return order;
}

/** The present order; a cell that is gone comes after the neighbour it had in the target. */
function orderWith(now: SessionNotebook, target: SessionNotebook, cellId: string): string[] {
  const order = now.cells.map(({ id }) => id);
  const index = target.cells.findIndex(({ id }) => id === cellId);
  if (index < 0 || order.includes(cellId)) return order;
  const before = target.cells.slice(0, index).findLast(({ id }) => order.includes(id));
  return order.toSpliced(before ? order.indexOf(before.id) + 1 : 0, 0, cellId);
}
