import { createStore } from "zustand/vanilla";
import { errorMessage } from "../../core/api.ts";
import { IS_MAC } from "../../core/commands.ts";
import { openDialog } from "../../core/dialogs.ts";
import { type Checkpoint, listCheckpoints, restoreCheckpoint, type VersionName } from "../../core/history/versions.ts";
import type { NotebookSession } from "../../core/session/notebook-session.ts";
import { showToast } from "../../core/toasts.ts";
import { openTab, workspaceStore } from "../../core/workspace.ts";

/** What the checkpoint dialog works on: a new one where `rename` is null. */
export const checkpointDialogStore = createStore<{ path: string; rename: Checkpoint | null }>(() => ({
  path: "",
  rename: null,
}));

export function openCheckpointDialog(path: string, rename: Checkpoint | null = null): void {
  checkpointDialogStore.setState({ path, rename });
  openDialog("checkpoint");
}

/** Of the notebook in front. */
export function newCheckpoint(): void {
  const { notebook } = workspaceStore.getState();
  if (notebook !== null) openCheckpointDialog(notebook);
}

/** `from` null: `to` alone, to be read. */
export function compare(path: string, from: VersionName | null, to: VersionName): void {
  openTab({ kind: "versions", path, from, to });
}

export async function restore(
  path: string,
  session: NotebookSession,
  { id, cellId }: { id: string; cellId?: string },
): Promise<void> {
  try {
    session.recordUndo(await restoreCheckpoint(path, id, cellId));
    showToast({
      tone: "ok",
      text: cellId === undefined ? "Restored. What was there before is a checkpoint." : "The cell is restored.",
      action: { label: "Undo", run: () => session.undo() },
    });
  } catch (error) {
    showToast({ tone: "fail", text: errorMessage(error) });
  }
}

/** The notebook in front, as it is now, with an earlier version. */
export function compareWith(version: VersionName): void {
  const { notebook } = workspaceStore.getState();
  if (notebook !== null) compare(notebook, version, "now");
}

export async function compareWithLast(): Promise<void> {
  const { notebook } = workspaceStore.getState();
  if (notebook === null) return;
  const [last] = await listCheckpoints(notebook);
  if (last) compare(notebook, last.id, "now");
  else
    showToast({
      tone: "info",
      text: "This notebook has no checkpoint yet. Mod+S makes one.".replace("Mod", IS_MAC ? "⌘" : "Ctrl"),
    });
}
