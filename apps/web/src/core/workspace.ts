import { createStore } from "zustand/vanilla";
import { encodePath } from "./api.ts";
import { rememberRecent } from "./layout.ts";

/** What a tab of the dock shows. */
export type TabRef =
  | { kind: "notebook"; path: string }
  | { kind: "file"; path: string }
  | { kind: "terminal"; name: string }
  /** Two versions of a notebook side by side; `to` alone where `from` is null. */
  | { kind: "versions"; path: string; from: string | null; to: string }
  /** The whole text of one stream output of the notebook at `path`. */
  | { kind: "log"; path: string; outputId: string };

export function tabId(tab: TabRef): string {
  switch (tab.kind) {
    case "terminal":
      return `terminal:${tab.name}`;
    case "log":
      return `log:${tab.outputId}`;
    case "versions":
      return `versions:${tab.from ?? ""}:${tab.to}:${tab.path}`;
    case "notebook":
    case "file":
      return `${tab.kind}:${tab.path}`;
  }
}

/** What the rest of the app may ask of the docking area. */
export interface Dock {
  open(tab: TabRef, options?: { beside?: boolean }): void;
  close(id: string): void;
  closeActive(): void;
  /** Moves to a neighbouring tab of the same group. */
  step(by: 1 | -1): void;
  /** Puts the active tab into a new group on its right. */
  splitRight(): void;
  /** Follows a renamed file or folder. */
  renamed(from: string, to: string): void;
  /** Closes what a deleted file or folder had open. */
  deleted(path: string): void;
}

interface WorkspaceState {
  active: TabRef | null;
  /** The notebook that inspector, outline and status bar speak of: the active tab, else the last active or first one. */
  notebook: string | null;
  /** Ids of all tabs. */
  open: readonly string[];
}

export const workspaceStore = createStore<WorkspaceState>(() => ({ active: null, notebook: null, open: [] }));

let dock: Dock | null = null;
let waiting: TabRef[] = [];

export function attachDock(next: Dock | null): void {
  dock = next;
  if (!next) return;
  for (const tab of waiting.splice(0)) next.open(tab);
  waiting = [];
}

export function currentDock(): Dock | null {
  return dock;
}

export function isNotebookPath(path: string): boolean {
  return path.endsWith(".ipynb");
}

/** Opens the tab, or brings it to the front. */
export function openTab(tab: TabRef, options?: { beside?: boolean }): void {
  if (tab.kind === "notebook" || tab.kind === "file") rememberRecent(tab.path);
  if (dock) dock.open(tab, options);
  else waiting.push(tab);
}

export function openPath(path: string, options?: { beside?: boolean }): void {
  openTab({ kind: isNotebookPath(path) ? "notebook" : "file", path }, options);
}

const NOTEBOOK_PREFIX = tabId({ kind: "notebook", path: "" });

export function setWorkspace(active: TabRef | null, open: readonly string[]): void {
  const before = workspaceStore.getState().notebook;
  const kept = before !== null && open.includes(tabId({ kind: "notebook", path: before })) ? before : null;
  const shown = active?.kind === "notebook" || active?.kind === "versions" ? active.path : null;
  const first = open.find((id) => id.startsWith(NOTEBOOK_PREFIX))?.slice(NOTEBOOK_PREFIX.length) ?? null;
  workspaceStore.setState({ active, open, notebook: shown ?? kept ?? first });
}

/** The address of a tab, kept in the fragment: it works under any path prefix and never reaches a log. */
export function routeOf(tab: TabRef | null): string {
  if (!tab || tab.kind === "terminal" || tab.kind === "versions") return "#/";
  if (tab.kind === "log") return `#/logs/${encodeURIComponent(tab.outputId)}/${encodePath(tab.path)}`;
  return `#/${tab.kind === "notebook" ? "notebooks" : "files"}/${encodePath(tab.path)}`;
}

export function parseRoute(hash: string): TabRef | null {
  const match = /^#\/(notebooks|files|logs)\/(.+)$/.exec(hash);
  if (!match) return null;
  try {
    const parts = (match[2] ?? "").split("/").map(decodeURIComponent);
    if (match[1] === "logs") return { kind: "log", outputId: parts[0] ?? "", path: parts.slice(1).join("/") };
    const path = parts.join("/");
    return { kind: match[1] === "notebooks" ? "notebook" : "file", path };
  } catch {
    // A broken percent sign: not one of our addresses.
    return null;
  }
}
