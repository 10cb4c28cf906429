import { createStore } from "zustand/vanilla";
import { errorMessage } from "../../core/api.ts";
import { layoutStore, updateLayout } from "../../core/layout.ts";
import { type Entry, listFolder, listSessions } from "../../core/server.ts";

export interface Folder {
  state: "loading" | "loaded" | "failed";
  entries: readonly Entry[];
  error?: string;
}

export interface TreeState {
  /** By path; the served folder itself is "". */
  folders: ReadonlyMap<string, Folder>;
  expanded: ReadonlySet<string>;
  selected: string | null;
  /** The entry whose name is being typed. */
  renaming: string | null;
  /** Notebooks with a live session: path → kernel state as the server names it. */
  running: ReadonlyMap<string, string>;
}

export const treeStore = createStore<TreeState>(() => ({
  folders: new Map(),
  expanded: new Set(layoutStore.getState().expanded),
  selected: null,
  renaming: null,
  running: new Map(),
}));

function putFolder(path: string, folder: Folder): void {
  treeStore.setState(({ folders }) => ({ folders: new Map(folders).set(path, folder) }));
}

const loads = new Map<string, AbortController>();

/** Reads a folder anew. What was known stays on screen meanwhile. */
export async function loadFolder(path: string): Promise<void> {
  loads.get(path)?.abort();
  const abort = new AbortController();
  loads.set(path, abort);
  const before = treeStore.getState().folders.get(path);
  if (!before || before.state === "failed") putFolder(path, { state: "loading", entries: before?.entries ?? [] });
  try {
    putFolder(path, { state: "loaded", entries: await listFolder(path, abort.signal) });
  } catch (error) {
    if (abort.signal.aborted) return;
    putFolder(path, { state: "failed", entries: before?.entries ?? [], error: errorMessage(error) });
  } finally {
    if (loads.get(path) === abort) loads.delete(path);
  }
}

export function setExpanded(path: string, open: boolean): void {
  const expanded = new Set(treeStore.getState().expanded);
  if (open) expanded.add(path);
  else expanded.delete(path);
  treeStore.setState({ expanded });
  updateLayout({ expanded: [...expanded] });
  if (open && treeStore.getState().folders.get(path)?.state !== "loaded") void loadFolder(path);
}

export function select(path: string | null): void {
  treeStore.setState({ selected: path });
}

export function setRenaming(path: string | null): void {
  treeStore.setState({ renaming: path });
}

/** Reads again every folder that stands open. */
export async function refreshTree(): Promise<void> {
  const { expanded } = treeStore.getState();
  await Promise.all(["", ...expanded].map(loadFolder));
}

export async function refreshRunning(): Promise<void> {
  try {
    const sessions = await listSessions();
    const running = new Map(sessions.map(({ path, kernel }) => [path, kernel?.execution_state ?? "idle"]));
    const before = treeStore.getState().running;
    const same = before.size === running.size && [...running].every(([path, state]) => before.get(path) === state);
    if (!same) treeStore.setState({ running });
  } catch {
    // Dots are a convenience; the explorer says itself when the server is away.
  }
}

/** Opens the folders above a path, so that it can be seen. */
export function reveal(path: string): void {
  const parts = path.split("/").slice(0, -1);
  parts.forEach((_, index) => {
    setExpanded(parts.slice(0, index + 1).join("/"), true);
  });
  select(path);
}

export interface TreeRow {
  entry: Entry;
  /** 1 for the served folder's own entries, as in `aria-level`. */
  level: number;
  expanded: boolean;
  folder: Folder | undefined;
  /** Position among its siblings, from 1, and how many these are. */
  position: number;
  siblings: number;
}

/** The rows that can be seen, from top to bottom. Pure. */
export function visibleRows(state: Pick<TreeState, "folders" | "expanded">): TreeRow[] {
  const rows: TreeRow[] = [];
  const visit = (path: string, level: number): void => {
    const entries = state.folders.get(path)?.entries ?? [];
    entries.forEach((entry, index) => {
      const isFolder = entry.type === "directory";
      const expanded = isFolder && state.expanded.has(entry.path);
      const folder = isFolder ? state.folders.get(entry.path) : undefined;
      rows.push({ entry, level, expanded, folder, position: index + 1, siblings: entries.length });
      if (expanded) visit(entry.path, level + 1);
    });
  };
  visit("", 1);
  return rows;
}
