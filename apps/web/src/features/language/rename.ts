import type { ResultOf } from "@opsbook/notebook/language";
import { sourceHash } from "@opsbook/notebook/session";
import type { NotebookSession } from "../../core/session/notebook-session.ts";

/**
 * Changes the cells as if the person had typed it in each, so that it merges with what others type and each cell's
 * undo takes it back. Returns why nothing was changed, else null.
 */
export function applyRename(session: NotebookSession, { cells }: ResultOf<"rename">): string | null {
  const changed = cells.some(
    ({ cellId, sourceHash: of }) => sourceHash(session.cells.get(cellId)?.getState().source ?? "") !== of,
  );
  if (changed) return "Somebody else changed one of the cells meanwhile. Nothing was renamed; try again.";
  for (const { cellId, edits } of cells) {
    const handle = session.texts.open(cellId);
    handle.breakUndo();
    // From the back, so that the offsets before stay true.
    handle.edit(
      edits
        .toSorted((a, b) => b.start - a.start)
        .map(({ start, end, text }) => ({ index: start, remove: end - start, insert: text })),
    );
    handle.breakUndo();
    handle.release();
  }
  return null;
}
