import type { DeletedCell } from "@opsbook/notebook/session";
import { ArchiveRestore } from "lucide-react";
import { useState } from "react";
import { useStore } from "zustand";
import { displayName } from "../../core/paths.ts";
import type { NotebookSession } from "../../core/session/notebook-session.ts";
import { IconButton } from "../../ui/button.tsx";

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** The bin: cells that were deleted, newest first, each back with its outputs at one click. */
export function DeletedCells({ session, mayEdit }: { session: NotebookSession; mayEdit: boolean }) {
  const [open, setOpen] = useState(false);
  // The bin is in the whole state; a change of the order is what can have changed it.
  useStore(session.store, (state) => state.order);
  const bin = (session.state?.notebook.bin ?? []).toReversed();
  if (bin.length === 0) return null;
  return (
    <details
      className="border-line-soft border-t py-2"
      open={open}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary className="cursor-pointer px-3 font-medium text-fg-2">Deleted cells ({bin.length})</summary>
      <ul className="pt-1">
        {bin.map((deleted) => (
          <Row key={`${deleted.cell.id}:${deleted.at}`} deleted={deleted} session={session} mayEdit={mayEdit} />
        ))}
      </ul>
    </details>
  );
}

function Row({ deleted, session, mayEdit }: { deleted: DeletedCell; session: NotebookSession; mayEdit: boolean }) {
  const { cell, by, at } = deleted;
  const first = cell.source.split("\n").find((line) => line.trim() !== "") ?? "an empty cell";
  return (
    <li className="group flex items-start gap-2 px-3 py-1 hover:bg-hover">
      <div className="min-w-0 flex-1 leading-[15px]">
        <p className="truncate font-mono text-[11.5px] text-fg-2">{displayName(first)}</p>
        <p className="truncate text-fg-3 text-xs">
          <bdi>{by ? displayName(by.name) : "The server"}</bdi> · {TIME.format(at)}
          {cell.outputs.length > 0 ? " · with outputs" : ""}
        </p>
      </div>
      {mayEdit ? (
        <IconButton
          label={`Bring back ${displayName(first)}`}
          onClick={() => session.change([{ type: "restore-cell", cellId: cell.id }])}
        >
          <ArchiveRestore size={13} aria-hidden />
        </IconButton>
      ) : null}
    </li>
  );
}
