import { errorMessage } from "../../core/api.ts";
import { staleFileIndex } from "../../core/file-index.ts";
import { forgetRecent, layoutStore, updateLayout } from "../../core/layout.ts";
import { joinPath, movedPath, parentPath } from "../../core/paths.ts";
import { createEntry, deleteEntry, type Entry, renameEntry } from "../../core/server.ts";
import { showToast } from "../../core/toasts.ts";
import { currentDock, openPath } from "../../core/workspace.ts";
import { loadFolder, reveal, select, setExpanded, setRenaming, treeStore } from "./tree-store.ts";

/** Runs a file operation; a failure is told and answered with null. */
async function attempt<T>(what: string, action: () => Promise<T>): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    showToast({ tone: "fail", text: `${what}: ${errorMessage(error)}` });
    return null;
  }
}

/** The folder a new entry goes to: the selected one, or that of the selected file. */
function targetFolder(): string {
  const { selected, folders } = treeStore.getState();
  if (selected === null) return "";
  const entry = folders.get(parentPath(selected))?.entries.find(({ path }) => path === selected);
  return entry?.type === "directory" ? entry.path : parentPath(selected);
}

export async function newNotebook(folder = targetFolder()): Promise<void> {
  const entry = await attempt("The notebook could not be made", () => createEntry(folder, "notebook"));
  if (!entry) return;
  staleFileIndex();
  await loadFolder(folder);
  reveal(entry.path);
  openPath(entry.path);
  // The notebook takes the focus when nobody has it; left on the button, Enter would make one more.
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

export async function newFolder(folder = targetFolder()): Promise<void> {
  const entry = await attempt("The folder could not be made", () => createEntry(folder, "directory"));
  if (!entry) return;
  if (folder !== "") setExpanded(folder, true);
  await loadFolder(folder);
  select(entry.path);
  setRenaming(entry.path);
}

export async function rename(entry: Entry, name: string): Promise<void> {
  setRenaming(null);
  const from = entry.path;
  const to = joinPath(parentPath(from), name);
  if (to === from) return;
  const done = await attempt(`“${entry.name}” could not be renamed`, () => renameEntry(from, to));
  if (!done) return;
  staleFileIndex();
  const { expanded } = treeStore.getState();
  treeStore.setState({ expanded: new Set([...expanded].map((path) => movedPath(path, from, to) ?? path)) });
  updateLayout({
    expanded: [...treeStore.getState().expanded],
    recent: layoutStore.getState().recent.map((path) => movedPath(path, from, to) ?? path),
  });
  await loadFolder(parentPath(from));
  if (entry.type === "directory" && treeStore.getState().expanded.has(to)) await loadFolder(to);
  select(to);
  currentDock()?.renamed(from, to);
}

export async function remove(entry: Entry): Promise<void> {
  const done = await attempt(`“${entry.name}” could not be deleted`, async () => {
    await deleteEntry(entry.path);
    return true;
  });
  if (!done) return;
  staleFileIndex();
  if (treeStore.getState().selected === entry.path) select(null);
  forgetRecent(entry.path);
  currentDock()?.deleted(entry.path);
  await loadFolder(parentPath(entry.path));
}
