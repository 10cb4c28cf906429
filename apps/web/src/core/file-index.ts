import { createStore } from "zustand/vanilla";
import { type Entry, listFolder } from "./server.ts";

/** All files below the served folder as far as a bounded walk finds them, for the palette and the home view. */
interface FileIndex {
  files: readonly Entry[];
  loading: boolean;
  /** The walk stopped at a limit. */
  partial: boolean;
  /** Milliseconds since the epoch; 0 before the first walk. */
  at: number;
}

export const fileIndexStore = createStore<FileIndex>(() => ({ files: [], loading: false, partial: false, at: 0 }));

const MAX_FOLDERS = 200;
const MAX_FILES = 3000;
const MAX_DEPTH = 8;
const AT_ONCE = 4;
/** Milliseconds for which a walk is fresh enough. */
const FRESH_MS = 20_000;
const SKIPPED = new Set(["node_modules", "__pycache__", "dist", "target"]);

/** Walks again unless that was done a moment ago. */
export async function refreshFileIndex(): Promise<void> {
  const { loading, at } = fileIndexStore.getState();
  if (loading || Date.now() - at < FRESH_MS) return;
  fileIndexStore.setState({ loading: true });
  const files: Entry[] = [];
  let level = [""];
  let visited = 0;
  let partial = false;
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (let start = 0; start < level.length; start += AT_ONCE) {
      if (visited >= MAX_FOLDERS || files.length >= MAX_FILES) {
        partial = true;
        break;
      }
      const folders = level.slice(start, start + AT_ONCE);
      visited += folders.length;
      const lists = await Promise.all(folders.map((path) => listFolder(path).catch((): Entry[] => [])));
      for (const entry of lists.flat()) {
        if (entry.type !== "directory") files.push(entry);
        else if (!SKIPPED.has(entry.name)) next.push(entry.path);
      }
    }
    level = next;
  }
  const notebook = ({ type }: Entry): number => Number(type === "notebook");
  files.sort((a, b) => notebook(b) - notebook(a));
  fileIndexStore.setState({ files, loading: false, partial: partial || level.length > 0, at: Date.now() });
}

/** To be called when a file was made, renamed or deleted here. */
export function staleFileIndex(): void {
  fileIndexStore.setState({ at: 0 });
}
