import { Ellipsis, FilePlus2, FolderPlus, RefreshCw } from "lucide-react";
import { useStore } from "zustand";
import { mayEdit, meStore } from "../../core/me.ts";
import { IconButton } from "../../ui/button.tsx";
import { Menu, type MenuItem } from "../../ui/menu.tsx";
import { PanelHeader } from "../../ui/panel-header.tsx";
import { newFolder, newNotebook } from "./file-actions.ts";
import { FileTree } from "./file-tree.tsx";
import { refreshTree, setExpanded, treeStore } from "./tree-store.ts";

const MORE: readonly MenuItem[] = [
  {
    id: "collapse",
    label: "Collapse all folders",
    onSelect: () => {
      for (const path of treeStore.getState().expanded) setExpanded(path, false);
    },
  },
];

export function FilesView() {
  const editor = useStore(meStore, (state) => mayEdit(state.me));
  return (
    <>
      <PanelHeader title="Explorer">
        <IconButton label="New notebook" disabled={!editor} onClick={() => void newNotebook()}>
          <FilePlus2 size={14} aria-hidden />
        </IconButton>
        <IconButton label="New folder" disabled={!editor} onClick={() => void newFolder()}>
          <FolderPlus size={14} aria-hidden />
        </IconButton>
        <IconButton label="Refresh" onClick={() => void refreshTree()}>
          <RefreshCw size={13} aria-hidden />
        </IconButton>
        <Menu label="Explorer" items={MORE} align="end">
          <button
            type="button"
            aria-label="More"
            className="grid size-6 place-items-center rounded-sm text-fg-3 hover:bg-hover hover:text-fg"
          >
            <Ellipsis size={14} aria-hidden />
          </button>
        </Menu>
      </PanelHeader>
      <FileTree />
    </>
  );
}
