import type { Splice } from "@opsbook/notebook/session";
import type { editor } from "monaco-editor/editor/editor.api";
import type { TextHandle } from "../../core/session/text-docs.ts";

/**
 * Ties an editor's model to a cell's text, both ways. The editor's own undo is not used: it knows nothing of what
 * others typed and would put text back in the wrong place; undo asks the cell's text instead.
 */
export function bindModel(model: editor.ITextModel, handle: TextHandle): () => void {
  let remote = false;
  const stopRemote = handle.onRemote((splices) => {
    remote = true;
    for (const splice of splices) model.applyEdits([toEdit(model, splice)]);
    remote = false;
  });
  const local = model.onDidChangeContent((event) => {
    if (remote) return;
    // Offsets of one event all refer to the text before it: from the back, each stays true.
    const changes = event.changes.toSorted((a, b) => b.rangeOffset - a.rangeOffset);
    handle.edit(
      changes.map(({ rangeOffset, rangeLength, text }) => ({
        index: rangeOffset,
        remove: rangeLength,
        insert: text.replaceAll("\r\n", "\n").replaceAll("\r", "\n"),
      })),
    );
  });
  return () => {
    stopRemote();
    local.dispose();
  };
}

function toEdit(model: editor.ITextModel, { index, remove, insert }: Splice): editor.IIdentifiedSingleEditOperation {
  const start = model.getPositionAt(index);
  const end = model.getPositionAt(index + remove);
  return {
    range: {
      startLineNumber: start.lineNumber,
      startColumn: start.column,
      endLineNumber: end.lineNumber,
      endColumn: end.column,
    },
    text: insert,
    forceMoveMarkers: false,
  };
}
