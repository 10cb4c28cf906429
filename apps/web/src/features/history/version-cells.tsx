import type { Notebook } from "@opsbook/notebook";
import { EmptyState } from "../../ui/message.tsx";
import { Actions, type CellActions } from "./diff-cell.tsx";
import { PlainOutput } from "./diff-outputs.tsx";

/** One version, to be read and copied from. */
export function VersionCells({ notebook, actions }: { notebook: Notebook; actions: CellActions | null }) {
  if (notebook.cells.length === 0) return <EmptyState title="This version has no cells" />;
  return notebook.cells.map((cell, index) => (
    <article key={cell.id} className="nbdiff-cell" aria-label={`Cell ${index + 1}`}>
      <header>
        <span className="nbdiff-cell-title">
          {cell.cell_type === "code" ? "Code" : cell.cell_type === "markdown" ? "Text" : "Raw"} cell {index + 1}
        </span>
        <span className="flex-1" />
        {actions ? <Actions cell={cell} actions={actions} /> : null}
      </header>
      <pre className="nbdiff-text">{cell.source}</pre>
      {cell.cell_type === "code"
        ? cell.outputs.map((output, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: outputs of a version never change
            <div key={at} className="nbdiff-output">
              <PlainOutput output={output} />
            </div>
          ))
        : null}
    </article>
  ));
}
