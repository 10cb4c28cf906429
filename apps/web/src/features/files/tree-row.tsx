import { ChevronRight } from "lucide-react";
import { type KeyboardEvent, memo, useRef, useState } from "react";
import { displayName, nameProblem } from "../../core/paths.ts";
import { StateDot } from "../../ui/badge.tsx";
import { cx } from "../../ui/cx.ts";
import { Spinner } from "../../ui/spinner.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { rename } from "./file-actions.ts";
import { FileIcon } from "./file-icon.tsx";
import { setRenaming, type TreeRow } from "./tree-store.ts";

/** Selects the name without its extension, which rarely changes. */
function selectStem(field: HTMLInputElement): void {
  const dot = field.value.lastIndexOf(".");
  field.setSelectionRange(0, dot > 0 ? dot : field.value.length);
}

function NameField({ row }: { row: TreeRow }) {
  const [name, setName] = useState(row.entry.name);
  // Escape ends the edit by unmounting the field, which blurs it: that blur must not save.
  const ended = useRef(false);
  const problem = nameProblem(name);
  const end = (save: boolean): void => {
    if (ended.current) return;
    ended.current = true;
    if (save && problem === null) void rename(row.entry, name);
    else setRenaming(null);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.key === "Enter" && problem === null) end(true);
    if (event.key === "Escape") end(false);
  };
  return (
    <TextField
      aria-label={`New name of ${displayName(row.entry.name)}`}
      aria-invalid={problem !== null}
      title={problem ?? undefined}
      className={cx("h-5 px-1", problem !== null && "border-fail")}
      value={name}
      ref={(field) => {
        if (field && document.activeElement !== field && !ended.current) {
          field.focus();
          selectStem(field);
        }
      }}
      onChange={(event) => setName(event.target.value)}
      onKeyDown={onKeyDown}
      onClick={(event) => event.stopPropagation()}
      onBlur={() => end(true)}
    />
  );
}

const RUNNING_WORDS: Record<string, string> = { busy: "running", idle: "kernel idle", starting: "kernel starting" };

export interface TreeRowViewProps {
  row: TreeRow;
  selected: boolean;
  tabbable: boolean;
  renaming: boolean;
  /** Kernel state of the notebook's live session. */
  kernel: string | undefined;
  /** Shown in the active tab. */
  active: boolean;
}

export const TreeRowView = memo(function TreeRowView(props: TreeRowViewProps) {
  const { row, selected, tabbable, renaming, kernel, active } = props;
  const { entry } = row;
  const isFolder = entry.type === "directory";
  const name = displayName(entry.name);
  return (
    <div
      role="treeitem"
      data-path={entry.path}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-selected={selected}
      aria-label={kernel ? `${name}, ${RUNNING_WORDS[kernel] ?? kernel}` : name}
      {...(isFolder ? { "aria-expanded": row.expanded } : {})}
      tabIndex={tabbable ? 0 : -1}
      title={name}
      className={cx(
        "flex h-row select-none items-center gap-1.5 pr-2.5 [contain-intrinsic-size:auto_24px] [content-visibility:auto]",
        selected ? "bg-sel text-fg" : active ? "bg-hover text-fg" : "hover:bg-hover",
      )}
      style={{ paddingLeft: 8 + (row.level - 1) * 12 }}
    >
      {isFolder ? (
        <ChevronRight size={12} aria-hidden className={cx("flex-none text-fg-4", row.expanded && "rotate-90")} />
      ) : (
        <span className="w-3 flex-none" />
      )}
      <FileIcon entry={entry} open={row.expanded} />
      {renaming ? <NameField row={row} /> : <bdi className="min-w-0 flex-1 truncate">{name}</bdi>}
      {row.folder?.state === "loading" ? <Spinner size={11} label={`Loading ${name}`} /> : null}
      {row.folder?.state === "failed" ? (
        <span className="flex-none text-fail text-xs" title={row.folder.error}>
          failed
        </span>
      ) : null}
      {kernel && !renaming ? (
        <StateDot
          state={kernel === "busy" ? "running" : kernel === "dead" ? "failed" : "ok"}
          label={RUNNING_WORDS[kernel] ?? kernel}
        />
      ) : null}
    </div>
  );
});
