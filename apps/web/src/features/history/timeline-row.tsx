import type { TimelineEvent } from "@opsbook/notebook/session";
import { Bookmark, Cpu, FileDiff, History, type LucideIcon, PencilLine, Play } from "lucide-react";
import { displayName } from "../../core/paths.ts";
import type { NotebookSession } from "../../core/session/notebook-session.ts";
import { focusCell } from "../../core/session/sessions.ts";
import { openPath } from "../../core/workspace.ts";
import { IconButton } from "../../ui/button.tsx";
import { cx } from "../../ui/cx.ts";
import { describe, type Kind } from "./describe.ts";
import { compare } from "./history-actions.ts";

const ICONS: Record<Kind, LucideIcon> = {
  edit: PencilLine,
  run: Play,
  kernel: Cpu,
  checkpoint: Bookmark,
  version: History,
};

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

interface Props {
  path: string;
  session: NotebookSession;
  event: TimelineEvent;
  /** Checkpoints that are still there. */
  known: ReadonlySet<string>;
}

export function EventRow({ path, session, event, known }: Props) {
  const Icon = ICONS[event.kind];
  const version = versionOf(event, known);
  const cellId = "cells" in event ? event.cells.find((id) => session.cells.get(id)) : undefined;
  const failed =
    (event.kind === "run" && event.outcome === "error") || (event.kind === "kernel" && event.what === "died");
  const words = describe(event);
  const detail = event.kind === "run" ? event.reason : undefined;
  return (
    <li className="group flex items-start gap-2 px-3 py-1 hover:bg-hover">
      <Icon size={13} aria-hidden className={cx("mt-0.5 flex-none", failed ? "text-fail" : "text-fg-3")} />
      <div className="min-w-0 flex-1 leading-[15px]">
        {cellId === undefined ? (
          <p className={cx("break-words", failed ? "text-fail" : "text-fg-2")}>{words}</p>
        ) : (
          <button
            type="button"
            title="Show the cell"
            className={cx("w-full break-words text-left hover:underline", failed ? "text-fail" : "text-fg-2")}
            onClick={() => {
              openPath(path);
              focusCell(path, cellId);
            }}
          >
            {words}
          </button>
        )}
        {detail ? <p className="break-words text-fg-3 text-xs">{displayName(detail)}</p> : null}
        <p className="text-fg-3 text-xs">
          <bdi>{event.by ? displayName(event.by.name) : event.kind === "version" ? "Outside" : "The server"}</bdi>
          {" · "}
          <time dateTime={new Date(event.until).toISOString()} title={EXACT.format(event.until)}>
            {TIME.format(event.until)}
          </time>
        </p>
      </div>
      {version === null ? null : (
        <IconButton
          label={event.kind === "version" ? "See what it changed" : "Compare with now"}
          className="opacity-0 focus-visible:opacity-100 group-hover:opacity-100"
          onClick={() => compare(path, version.from, version.to)}
        >
          <FileDiff size={13} aria-hidden />
        </IconButton>
      )}
    </li>
  );
}

function versionOf(event: TimelineEvent, known: ReadonlySet<string>): { from: string; to: string } | null {
  if (event.kind === "checkpoint" && event.what !== "deleted" && known.has(event.checkpointId))
    return { from: event.checkpointId, to: "now" };
  if (event.kind !== "version" || event.before === null || !known.has(event.before)) return null;
  return {
    from: event.before,
    to: event.checkpointId !== null && known.has(event.checkpointId) ? event.checkpointId : "now",
  };
}
