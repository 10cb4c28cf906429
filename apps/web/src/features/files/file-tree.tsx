import { FilePlus2, FolderOpen } from "lucide-react";
import { type KeyboardEvent, type RefObject, type SyntheticEvent, useEffect, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import { mayEdit, meStore } from "../../core/me.ts";
import { displayName, parentPath } from "../../core/paths.ts";
import type { Entry } from "../../core/server.ts";
import { openPath, workspaceStore } from "../../core/workspace.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { ContextMenu } from "../../ui/menu.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../ui/message.tsx";
import { entryMenu, folderMenu } from "./entry-menu.tsx";
import { newNotebook, remove } from "./file-actions.ts";
import { TreeRowView } from "./tree-row.tsx";
import {
  loadFolder,
  refreshRunning,
  refreshTree,
  select,
  setExpanded,
  setRenaming,
  type TreeRow,
  treeStore,
  visibleRows,
} from "./tree-store.ts";

/** Milliseconds between looks at which notebooks run, while the page is visible. */
const RUNNING_POLL_MS = 5000;
/** Milliseconds within which typed letters make one word to jump to. */
const TYPEAHEAD_MS = 700;

function useFreshTree(): void {
  useEffect(() => {
    void refreshTree();
    void refreshRunning();
    const onFocus = (): void => {
      if (document.visibilityState !== "visible") return;
      void refreshTree();
      void refreshRunning();
    };
    const timer = setInterval(() => document.visibilityState === "visible" && void refreshRunning(), RUNNING_POLL_MS);
    window.addEventListener("focus", onFocus);
    return () => {
      clearInterval(timer);
      window.removeEventListener("focus", onFocus);
    };
  }, []);
}

function useVisibleRows() {
  const folders = useStore(treeStore, (state) => state.folders);
  const expanded = useStore(treeStore, (state) => state.expanded);
  return useMemo(() => visibleRows({ folders, expanded }), [folders, expanded]);
}

/** Whoever gave a name by keys goes on in the tree: the field is gone, and its row may be a new one. */
function useFocusAfterRename(tree: RefObject<HTMLElement | null>, { renaming, selected }: Wishes): void {
  const ended = useRef(false);
  useEffect(() => {
    if (renaming !== null) {
      ended.current = true;
      return;
    }
    if (!ended.current || selected === null) return;
    // A click elsewhere ends a rename too, and took the focus with it.
    if (document.activeElement === document.body)
      tree.current?.querySelector<HTMLElement>(`[data-path="${CSS.escape(selected)}"]`)?.focus();
    else if (!tree.current?.contains(document.activeElement)) ended.current = false;
  }, [tree, renaming, selected]);
}

interface Wishes {
  renaming: string | null;
  selected: string | null;
}

export function FileTree() {
  useFreshTree();
  const rows = useVisibleRows();
  const root = useStore(treeStore, (state) => state.folders.get(""));
  const { selected, renaming, running } = useStore(treeStore);
  const activeId = useStore(workspaceStore, ({ active }) => (active && "path" in active ? active.path : null));
  const editable = useStore(meStore, (state) => mayEdit(state.me));
  const [deleting, setDeleting] = useState<Entry | null>(null);
  const [menuEntry, setMenuEntry] = useState<Entry | null>(null);
  const tree = useRef<HTMLDivElement>(null);
  const typed = useRef({ text: "", at: 0 });
  useFocusAfterRename(tree, { renaming, selected });

  const tabbable = rows.some((row) => row.entry.path === selected) ? selected : (rows[0]?.entry.path ?? null);

  const focusRow = (path: string): void => {
    select(path);
    tree.current?.querySelector<HTMLElement>(`[data-path="${CSS.escape(path)}"]`)?.focus();
  };

  const activate = (entry: Entry, beside = false): void => {
    if (entry.type === "directory") setExpanded(entry.path, !treeStore.getState().expanded.has(entry.path));
    else openPath(entry.path, { beside });
  };

  const collapseOrLeave = ({ entry, expanded }: TreeRow): void => {
    if (expanded) setExpanded(entry.path, false);
    else if (parentPath(entry.path) !== "") focusRow(parentPath(entry.path));
  };

  const typeahead = (letter: string, from: number): void => {
    const now = performance.now();
    const text = now - typed.current.at < TYPEAHEAD_MS ? typed.current.text + letter : letter;
    typed.current = { text, at: now };
    const start = text.length === 1 ? from + 1 : from;
    const order = [...rows.slice(start), ...rows.slice(0, start)];
    const hit = order.find(({ entry }) => entry.name.toLowerCase().startsWith(text.toLowerCase()));
    if (hit) focusRow(hit.entry.path);
  };

  const entryAt = (event: SyntheticEvent): Entry | null => {
    const path = (event.target as Element).closest("[data-path]")?.getAttribute("data-path");
    return rows.find(({ entry }) => entry.path === path)?.entry ?? null;
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || treeStore.getState().renaming !== null) return;
    // The row that has the focus, which a screen reader may have moved without selecting it.
    const focused = entryAt(event)?.path ?? tabbable;
    const index = Math.max(
      0,
      rows.findIndex(({ entry }) => entry.path === focused),
    );
    const row = rows[index];
    if (!row) return;
    const { entry } = row;
    const go = (to: number): void => {
      const target = rows[Math.min(rows.length - 1, Math.max(0, to))];
      if (target) focusRow(target.entry.path);
    };
    const isFolder = entry.type === "directory";
    const actions = new Map<string, () => void>([
      ["ArrowDown", () => go(index + 1)],
      ["ArrowUp", () => go(index - 1)],
      ["Home", () => go(0)],
      ["End", () => go(rows.length - 1)],
      ["ArrowRight", () => (isFolder && !row.expanded ? setExpanded(entry.path, true) : isFolder && go(index + 1))],
      ["ArrowLeft", () => collapseOrLeave(row)],
      ["Enter", () => activate(entry, event.shiftKey)],
      [" ", () => select(entry.path)],
      ["F2", () => editable && setRenaming(entry.path)],
      ["Delete", () => editable && setDeleting(entry)],
    ]);
    const action = actions.get(event.key);
    if (action) {
      event.preventDefault();
      action();
    } else if (event.key.length === 1) {
      event.preventDefault();
      typeahead(event.key, index);
    }
  };

  if (root?.state === "failed" && rows.length === 0) {
    return (
      <ErrorState title="The folder could not be read" message={root.error ?? ""} onRetry={() => void loadFolder("")} />
    );
  }
  if (!root || (root.state === "loading" && rows.length === 0)) return <LoadingState label="Reading the folder" />;
  if (rows.length === 0) {
    return (
      <EmptyState icon={<FolderOpen size={22} />} title="This folder is empty">
        <Button variant="primary" disabled={!editable} onClick={() => void newNotebook("")}>
          <FilePlus2 size={14} aria-hidden />
          New notebook
        </Button>
      </EmptyState>
    );
  }

  return (
    <>
      {root.state === "failed" ? (
        <p role="status" className="flex items-center gap-2 px-3 py-1 text-stale text-xs">
          <span className="flex-1">Out of date: {root.error}</span>
          <button type="button" className="underline" onClick={() => void refreshTree()}>
            Refresh
          </button>
        </p>
      ) : null}
      <ContextMenu
        label={menuEntry ? displayName(menuEntry.name) : "Explorer"}
        items={
          menuEntry
            ? entryMenu(menuEntry, { editable, onDelete: () => setDeleting(menuEntry) })
            : folderMenu("", editable)
        }
      >
        <div
          ref={tree}
          role="tree"
          aria-label="Files"
          data-context="files"
          tabIndex={-1}
          className="min-h-0 flex-1 overflow-y-auto pb-6 outline-none"
          onKeyDown={onKeyDown}
          onContextMenu={(event) => {
            const entry = entryAt(event);
            setMenuEntry(entry);
            if (entry) select(entry.path);
          }}
          onClick={(event) => {
            const entry = entryAt(event);
            if (!entry) return;
            focusRow(entry.path);
            activate(entry, event.ctrlKey || event.metaKey);
          }}
        >
          {rows.map((row) => (
            <TreeRowView
              key={row.entry.path}
              row={row}
              selected={row.entry.path === selected}
              tabbable={row.entry.path === tabbable}
              renaming={row.entry.path === renaming}
              kernel={running.get(row.entry.path)}
              active={row.entry.path === activeId}
            />
          ))}
        </div>
      </ContextMenu>
      <ConfirmDialog
        open={deleting !== null}
        title={deleting?.type === "directory" ? "Delete this folder?" : "Delete this file?"}
        description={
          deleting
            ? `“${displayName(deleting.path)}”${deleting.type === "directory" ? " and everything in it" : ""} will be deleted from the server's disk.`
            : ""
        }
        action="Delete"
        danger
        onCancel={() => setDeleting(null)}
        onConfirm={() => {
          if (deleting) void remove(deleting);
          setDeleting(null);
        }}
      />
    </>
  );
}
