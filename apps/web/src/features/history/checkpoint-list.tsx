import { Bookmark, Clock, Ellipsis, Eye, FileDiff, Pencil, RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import { errorMessage } from "../../core/api.ts";
import { type Checkpoint, checkpointLabel, deleteCheckpoint } from "../../core/history/versions.ts";
import { displayName } from "../../core/paths.ts";
import type { NotebookSession } from "../../core/session/notebook-session.ts";
import { showToast } from "../../core/toasts.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { Menu, type MenuItem } from "../../ui/menu.tsx";
import { compare, openCheckpointDialog, restore } from "./history-actions.ts";

interface Props {
  path: string;
  session: NotebookSession;
  checkpoints: readonly Checkpoint[];
  mayEdit: boolean;
}

const FIRST = 5;
const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function CheckpointList({ path, session, checkpoints, mayEdit }: Props) {
  const [all, setAll] = useState(false);
  const [asked, setAsked] = useState<{ what: "restore" | "delete"; checkpoint: Checkpoint } | null>(null);
  const named = checkpoints.filter(({ name }) => name !== null);
  const automatic = checkpoints.filter(({ name }) => name === null);
  const shown = all ? checkpoints : [...named, ...automatic.slice(0, Math.max(1, FIRST - named.length))];
  const ordered = checkpoints.filter((one) => shown.includes(one));
  const ask = (what: "restore" | "delete") => (checkpoint: Checkpoint) => setAsked({ what, checkpoint });
  return (
    <section aria-label="Checkpoints" className="pb-3">
      {checkpoints.length === 0 ? (
        <div className="flex flex-col items-start gap-2 px-3 pt-1 text-fg-3">
          <p>No checkpoints yet. They are made by themselves while the notebook changes, and whenever you want one.</p>
          {mayEdit ? (
            <Button variant="outline" onClick={() => openCheckpointDialog(path)}>
              New checkpoint
            </Button>
          ) : null}
        </div>
      ) : null}
      <ul>
        {ordered.map((checkpoint) => (
          <Row
            key={checkpoint.id}
            path={path}
            checkpoint={checkpoint}
            mayEdit={mayEdit}
            onRestore={ask("restore")}
            onDelete={ask("delete")}
          />
        ))}
      </ul>
      {checkpoints.length > shown.length || all ? (
        <button type="button" className="mx-3 mt-1 text-accent text-xs hover:underline" onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show all ${checkpoints.length}`}
        </button>
      ) : null}
      <ConfirmDialog
        open={asked !== null}
        title={asked?.what === "delete" ? "Delete the checkpoint?" : "Restore the checkpoint?"}
        description={
          asked === null
            ? ""
            : asked.what === "delete"
              ? `“${checkpointLabel(asked.checkpoint)}” cannot be brought back.`
              : `The notebook becomes what it was: “${checkpointLabel(asked.checkpoint)}”. What is there now is kept as a checkpoint, and cells that run go on.`
        }
        action={asked?.what === "delete" ? "Delete" : "Restore"}
        danger={asked?.what === "delete"}
        onCancel={() => setAsked(null)}
        onConfirm={() => {
          const one = asked;
          setAsked(null);
          if (one?.what === "restore") void restore(path, session, { id: one.checkpoint.id });
          if (one?.what === "delete")
            deleteCheckpoint(path, one.checkpoint.id).catch((error: unknown) =>
              showToast({ tone: "fail", text: errorMessage(error) }),
            );
        }}
      />
    </section>
  );
}

interface RowProps {
  path: string;
  checkpoint: Checkpoint;
  mayEdit: boolean;
  onRestore: (checkpoint: Checkpoint) => void;
  onDelete: (checkpoint: Checkpoint) => void;
}

function Row({ path, checkpoint, mayEdit, onRestore, onDelete }: RowProps) {
  const label = checkpointLabel(checkpoint);
  const { id, name, message, by, last_modified } = checkpoint;
  const Icon = name === null ? Clock : Bookmark;
  const changes: MenuItem[] = [
    { kind: "separator", id: "changes" },
    {
      id: "restore",
      label: "Restore…",
      icon: <RotateCcw size={13} />,
      takesFocus: true,
      onSelect: () => onRestore(checkpoint),
    },
    {
      id: "rename",
      label: name === null ? "Name and keep…" : "Rename…",
      icon: <Pencil size={13} />,
      takesFocus: true,
      onSelect: () => openCheckpointDialog(path, checkpoint),
    },
    {
      id: "delete",
      label: "Delete…",
      icon: <Trash2 size={13} />,
      danger: true,
      takesFocus: true,
      onSelect: () => onDelete(checkpoint),
    },
  ];
  const items: MenuItem[] = [
    {
      id: "compare",
      label: "Compare with now",
      icon: <FileDiff size={13} />,
      onSelect: () => compare(path, id, "now"),
    },
    { id: "look", label: "Look at it", icon: <Eye size={13} />, onSelect: () => compare(path, null, id) },
    ...(mayEdit ? changes : []),
  ];
  return (
    <li className="group flex items-start gap-2 px-3 py-1 hover:bg-hover">
      <Icon
        size={13}
        aria-hidden
        className={name === null ? "mt-0.5 flex-none text-fg-3" : "mt-0.5 flex-none text-accent"}
      />
      <div className="min-w-0 flex-1 leading-[15px]">
        <button
          type="button"
          title="Compare with now"
          className="w-full truncate text-left text-fg hover:underline"
          onClick={() => compare(path, id, "now")}
        >
          <bdi>{label}</bdi>
        </button>
        {message === "" ? null : <p className="break-words text-fg-3 text-xs">{displayName(message)}</p>}
        <p className="truncate text-fg-3 text-xs">
          <bdi>{by ? displayName(by.name) : "The server"}</bdi>
          {name === null ? null : (
            <>
              {" · "}
              <time dateTime={last_modified}>{TIME.format(new Date(last_modified))}</time>
            </>
          )}
        </p>
      </div>
      <Menu label={`What to do with ${label}`} align="end" items={items}>
        <IconButton label={`Actions for ${label}`}>
          <Ellipsis size={14} aria-hidden />
        </IconButton>
      </Menu>
    </li>
  );
}
