import {
  Columns2,
  Copy,
  Download,
  FilePlus2,
  FolderPlus,
  Pencil,
  RefreshCw,
  SquareArrowOutUpRight,
  Trash2,
} from "lucide-react";
import { parentPath } from "../../core/paths.ts";
import { downloadUrl, type Entry } from "../../core/server.ts";
import { showToast } from "../../core/toasts.ts";
import { openPath } from "../../core/workspace.ts";
import type { MenuItem } from "../../ui/menu.tsx";
import { newFolder, newNotebook } from "./file-actions.ts";
import { refreshTree, setExpanded, setRenaming } from "./tree-store.ts";

export function folderMenu(folder: string, editable: boolean): MenuItem[] {
  return [
    {
      id: "notebook",
      disabled: !editable,
      label: "New notebook",
      icon: <FilePlus2 size={13} />,
      onSelect: () => void newNotebook(folder),
    },
    {
      id: "folder",
      disabled: !editable,
      label: "New folder",
      icon: <FolderPlus size={13} />,
      takesFocus: true,
      onSelect: () => void newFolder(folder),
    },
    { id: "refresh", label: "Refresh", icon: <RefreshCw size={13} />, onSelect: () => void refreshTree() },
  ];
}

async function copyPath(path: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(path);
    showToast({ tone: "ok", text: "Path copied." });
  } catch {
    // No clipboard without https or a gesture: the path itself can still be selected by hand.
    showToast({ tone: "info", text: path });
  }
}

export interface EntryMenuOptions {
  /** Whether this person may change files. */
  editable: boolean;
  onDelete: () => void;
}

export function entryMenu(entry: Entry, { editable, onDelete }: EntryMenuOptions): MenuItem[] {
  const isFolder = entry.type === "directory";
  const open: MenuItem[] = isFolder
    ? []
    : [
        {
          id: "open",
          label: "Open",
          icon: <SquareArrowOutUpRight size={13} />,
          keys: "Enter",
          onSelect: () => openPath(entry.path),
        },
        {
          id: "beside",
          label: "Open to the side",
          icon: <Columns2 size={13} />,
          keys: "Shift+Enter",
          onSelect: () => openPath(entry.path, { beside: true }),
        },
        { kind: "separator", id: "after-open" },
      ];
  const folder = isFolder ? entry.path : parentPath(entry.path);
  const create = folderMenu(folder, editable).map((item) =>
    "onSelect" in item
      ? {
          ...item,
          onSelect: () => {
            if (isFolder) setExpanded(entry.path, true);
            item.onSelect();
          },
        }
      : item,
  );
  return [
    ...open,
    ...create,
    { kind: "separator", id: "after-create" },
    ...(isFolder
      ? []
      : [
          {
            id: "download",
            label: "Download",
            icon: <Download size={13} />,
            onSelect: () => window.location.assign(downloadUrl(entry.path)),
          },
        ]),
    { id: "copy", label: "Copy path", icon: <Copy size={13} />, onSelect: () => void copyPath(entry.path) },
    {
      id: "rename",
      disabled: !editable,
      label: "Rename",
      icon: <Pencil size={13} />,
      keys: "F2",
      takesFocus: true,
      onSelect: () => setRenaming(entry.path),
    },
    {
      id: "delete",
      disabled: !editable,
      label: "Delete",
      icon: <Trash2 size={13} />,
      keys: "Delete",
      danger: true,
      takesFocus: true,
      onSelect: onDelete,
    },
  ];
}
