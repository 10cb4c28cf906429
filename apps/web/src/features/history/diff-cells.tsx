import type { Notebook } from "@opsbook/notebook";
import { type CellChange, diffNotebooks } from "@opsbook/notebook/diff";
import { useMemo, useState } from "react";
import { EmptyState } from "../../ui/message.tsx";
import { type CellActions, DiffCell } from "./diff-cell.tsx";
import type { DiffLayout } from "./diff-lines.tsx";
import { KeyChanges } from "./key-changes.tsx";

interface Props {
  before: Notebook;
  after: Notebook;
  layout: DiffLayout;
  actions: CellActions | null;
}

/** What became of each cell; those that stayed the same are folded. */
export function DiffCells({ before, after, layout, actions }: Props) {
  const diff = useMemo(() => diffNotebooks(before, after), [before, after]);
  const groups = useMemo(() => grouped(diff.cells), [diff]);
  const changes = diff.cells.filter(isChange);
  if (diff.equal)
    return (
      <EmptyState title="No difference">
        <p className="text-balance">Cells, texts, outputs and metadata are the same in both versions.</p>
      </EmptyState>
    );
  return (
    <>
      <p className="nbdiff-summary" role="status">
        {summary(changes)}
      </p>
      {diff.metadata.length > 0 ? <KeyChanges title="Metadata of the notebook" changes={diff.metadata} /> : null}
      {groups.map((group) =>
        group.same ? (
          <SameCells key={keyOf(group.cells[0]!)} cells={group.cells} layout={layout} />
        ) : (
          group.cells.map((change) => (
            <DiffCell key={keyOf(change)} change={change} layout={layout} actions={actions} />
          ))
        ),
      )}
    </>
  );
}

function SameCells({ cells, layout }: { cells: readonly CellChange[]; layout: DiffLayout }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="nbdiff-same" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "Hide" : "Show"}{" "}
        {cells.length === 1 ? "1 cell that is the same" : `${cells.length} cells that are the same`}
      </button>
      {open
        ? cells.map((change) => <DiffCell key={keyOf(change)} change={change} layout={layout} actions={null} />)
        : null}
    </>
  );
}

const isChange = (change: CellChange) => change.kind !== "same" || change.moved;
const keyOf = ({ kind, before, after }: CellChange) => `${kind}:${before?.index ?? ""}:${after?.index ?? ""}`;

function grouped(cells: readonly CellChange[]): { same: boolean; cells: CellChange[] }[] {
  const groups: { same: boolean; cells: CellChange[] }[] = [];
  for (const change of cells) {
    const same = !isChange(change);
    const last = groups.at(-1);
    if (last?.same === same) last.cells.push(change);
    else groups.push({ same, cells: [change] });
  }
  return groups;
}

function summary(changes: readonly CellChange[]): string {
  const count = (test: (change: CellChange) => boolean) => changes.filter(test).length;
  const parts = [
    [count(({ kind }) => kind === "changed"), "changed"],
    [count(({ kind }) => kind === "added"), "added"],
    [count(({ kind }) => kind === "removed"), "removed"],
    [count((change) => "moved" in change && change.moved), "moved"],
  ] as const;
  const told = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  return told.length === 0 ? "Only the notebook's metadata differs." : `Cells: ${told.join(", ")}.`;
}
