import type { Cell, JsonObject, Notebook, Output } from "../model.ts";
import { diffLines, type LineRun } from "./lines.ts";
import { matchCells } from "./match.ts";
import { diffOutputs, type OutputChange } from "./outputs.ts";
import { diffKeys, type KeyChange } from "./same-json.ts";

export interface CellPlace {
  cell: Cell;
  /** From 0. */
  index: number;
}

/** A cell that is on both sides. The lists tell only what differs, but for `source` and `outputs`. */
export interface KeptCell {
  kind: "same" | "changed";
  before: CellPlace;
  after: CellPlace;
  /** It stands elsewhere among the cells both sides have. A moved cell may be the same otherwise. */
  moved: boolean;
  /** The text line by line; null where it is the same. */
  source: LineRun[] | null;
  typeChanged: boolean;
  executionCountChanged: boolean;
  /** All outputs, the same ones too; null where nothing about them differs. */
  outputs: OutputChange[] | null;
  metadata: KeyChange[];
  attachments: KeyChange[];
}

export type CellChange =
  | KeptCell
  | { kind: "added"; before: null; after: CellPlace }
  | { kind: "removed"; before: CellPlace; after: null };

export interface NotebookDiff {
  /** Nothing differs, apart from how the files are written. */
  equal: boolean;
  /** Every cell, in the order of the second notebook; a removed one stands where it was. */
  cells: CellChange[];
  /** Top-level keys of the notebook's metadata. */
  metadata: KeyChange[];
}

/** What became of each cell from `before` to `after`. Cells are the same by id, else by text, else by similar text. */
export function diffNotebooks(before: Notebook, after: Notebook): NotebookDiff {
  const cells = matchCells(before.cells, after.cells).map((pair): CellChange => {
    const left = pair.before === null ? null : { cell: before.cells[pair.before]!, index: pair.before };
    const right = pair.after === null ? null : { cell: after.cells[pair.after]!, index: pair.after };
    if (left && right) return keptCell(left, right, pair.moved);
    return right ? { kind: "added", before: null, after: right } : { kind: "removed", before: left!, after: null };
  });
  const metadata = diffKeys(before.metadata, after.metadata);
  const equal = metadata.length === 0 && cells.every((change) => change.kind === "same" && !change.moved);
  return { equal, cells, metadata };
}

function keptCell(before: CellPlace, after: CellPlace, moved: boolean): KeptCell {
  const a = before.cell;
  const b = after.cell;
  const source = a.source === b.source ? null : diffLines(a.source, b.source);
  const typeChanged = a.cell_type !== b.cell_type;
  const executionCountChanged = countOf(a) !== countOf(b);
  const outputs = diffOutputs(outputsOf(a), outputsOf(b));
  const outputsDiffer = outputs.some(({ kind }) => kind !== "same");
  const metadata = diffKeys(a.metadata, b.metadata);
  const attachments = diffKeys(attachmentsOf(a), attachmentsOf(b));
  const differs =
    source !== null ||
    typeChanged ||
    executionCountChanged ||
    outputsDiffer ||
    metadata.length > 0 ||
    attachments.length > 0;
  return {
    kind: differs ? "changed" : "same",
    before,
    after,
    moved,
    source,
    typeChanged,
    executionCountChanged,
    outputs: outputsDiffer ? outputs : null,
    metadata,
    attachments,
  };
}

const countOf = (cell: Cell): number | null => (cell.cell_type === "code" ? cell.execution_count : null);
const outputsOf = (cell: Cell): Output[] => (cell.cell_type === "code" ? cell.outputs : []);
const attachmentsOf = (cell: Cell): JsonObject => (cell.cell_type === "code" ? {} : (cell.attachments ?? {}));
