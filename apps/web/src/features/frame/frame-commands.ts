import {
  BookmarkPlus,
  Columns2,
  FileDiff,
  FilePlus2,
  Files,
  FolderPlus,
  FolderSearch,
  History,
  Keyboard,
  LogOut,
  Moon,
  PanelBottom,
  PanelLeft,
  PanelRight,
  RefreshCw,
  Search,
  Settings,
  SquareTerminal,
  Sun,
  SunMoon,
  UserRoundPlus,
  UsersRound,
  X,
} from "lucide-react";
import { type Command, registerCommands } from "../../core/commands.ts";
import { openDialog } from "../../core/dialogs.ts";
import { INSPECTOR_FITS, layoutStore, type SideView, updateLayout } from "../../core/layout.ts";
import { mayEdit, mayWatchTerminals, meStore } from "../../core/me.ts";
import { logout } from "../../core/server.ts";
import { settingsStore, updateSettings } from "../../core/settings.ts";
import { currentDock, workspaceStore } from "../../core/workspace.ts";
import { newFolder, newNotebook } from "../files/file-actions.ts";
import { refreshTree, reveal } from "../files/tree-store.ts";
import { compareWith, compareWithLast, newCheckpoint } from "../history/history-actions.ts";
import { newTerminal } from "../terminal/terminals-store.ts";

function toggleSide(view: SideView): void {
  updateLayout({ sideView: layoutStore.getState().sideView === view ? null : view });
}

function togglePanel(): void {
  const { panelOpen, terminals } = layoutStore.getState();
  // An empty panel would be a detour: the first use opens a terminal at once.
  if (!panelOpen && terminals.length === 0) void newTerminal();
  else updateLayout({ panelOpen: !panelOpen, panelMaximized: false });
}

function toggleInspector(): void {
  const { inspectorOpen, inspectorOverlay } = layoutStore.getState();
  if (window.matchMedia(INSPECTOR_FITS).matches) updateLayout({ inspectorOpen: !inspectorOpen });
  else updateLayout({ inspectorOverlay: !inspectorOverlay });
}

function revealActive(): void {
  const { active } = workspaceStore.getState();
  if (!active || active.kind === "terminal") return;
  updateLayout({ sideView: "files" });
  reveal(active.path);
}

async function leave(): Promise<void> {
  await logout();
  window.location.reload();
}

const editor = (): boolean => mayEdit(meStore.getState().me);
const watches = (): boolean => mayWatchTerminals(meStore.getState().me);
const hasNotebook = (): boolean => workspaceStore.getState().notebook !== null;
const hasTab = (): boolean => workspaceStore.getState().active !== null;

const COMMANDS: readonly Command[] = [
  {
    id: "app.palette",
    icon: Search,
    title: "Search and commands",
    group: "View",
    keys: ["Mod+K", "Mod+Shift+P"],
    hidden: true,
    run: () => openDialog("palette"),
  },
  {
    id: "app.shortcuts",
    icon: Keyboard,
    title: "Keyboard shortcuts",
    group: "Help",
    keys: ["?"],
    run: () => openDialog("shortcuts"),
  },
  {
    id: "app.settings",
    icon: Settings,
    title: "Settings",
    group: "View",
    keys: ["Mod+,"],
    run: () => openDialog("settings"),
  },
  {
    id: "app.share",
    icon: UserRoundPlus,
    title: "Invite somebody",
    group: "View",
    when: () => meStore.getState().me?.role === "admin",
    run: () => openDialog("share"),
  },
  { id: "app.logout", icon: LogOut, title: "Log out", group: "View", run: leave },
  {
    id: "files.new-notebook",
    icon: FilePlus2,
    title: "New notebook",
    group: "Files",
    when: editor,
    run: () => newNotebook(),
  },
  {
    id: "files.new-folder",
    icon: FolderPlus,
    title: "New folder",
    group: "Files",
    when: editor,
    run: () => newFolder(),
  },
  { id: "files.refresh", icon: RefreshCw, title: "Refresh the explorer", group: "Files", run: refreshTree },
  {
    id: "files.reveal",
    icon: FolderSearch,
    title: "Show this file in the explorer",
    group: "Files",
    when: hasTab,
    run: revealActive,
  },
  {
    id: "terminal.new",
    icon: SquareTerminal,
    title: "New terminal",
    group: "Terminal",
    keys: ["Mod+Shift+`"],
    when: editor,
    run: async () => void (await newTerminal()),
  },
  {
    id: "terminal.toggle",
    icon: PanelBottom,
    title: "Show or hide the terminal panel",
    group: "Terminal",
    keys: ["Mod+`"],
    when: watches,
    run: togglePanel,
  },
  {
    id: "view.files",
    icon: Files,
    title: "Explorer",
    group: "View",
    keys: ["Mod+Shift+E"],
    run: () => toggleSide("files"),
  },
  {
    id: "view.terminals",
    icon: SquareTerminal,
    title: "Terminals",
    group: "View",
    when: watches,
    run: () => toggleSide("terminals"),
  },
  {
    id: "view.history",
    icon: History,
    title: "History",
    group: "View",
    keys: ["Mod+Shift+H"],
    run: () => toggleSide("history"),
  },
  {
    id: "history.checkpoint",
    icon: BookmarkPlus,
    title: "New checkpoint…",
    group: "Notebook",
    keys: ["Mod+S"],
    when: () => editor() && hasNotebook(),
    run: newCheckpoint,
  },
  {
    id: "history.compare-last",
    icon: FileDiff,
    title: "Compare with the last checkpoint",
    group: "Notebook",
    when: hasNotebook,
    run: compareWithLast,
  },
  {
    id: "history.compare-head",
    icon: FileDiff,
    title: "Compare with the last git commit",
    group: "Notebook",
    when: hasNotebook,
    run: () => compareWith("head"),
  },
  { id: "view.people", icon: UsersRound, title: "People", group: "View", run: () => toggleSide("people") },
  {
    id: "view.side",
    icon: PanelLeft,
    title: "Show or hide the side bar",
    group: "View",
    keys: ["Mod+B"],
    run: () => updateLayout({ sideView: layoutStore.getState().sideView === null ? "files" : null }),
  },
  {
    id: "view.inspector",
    icon: PanelRight,
    title: "Show or hide the inspector",
    group: "View",
    keys: ["Mod+Alt+B"],
    run: toggleInspector,
  },
  {
    id: "view.theme-dark",
    icon: Moon,
    title: "Dark theme",
    group: "View",
    when: () => settingsStore.getState().theme !== "dark",
    run: () => updateSettings({ theme: "dark" }),
  },
  {
    id: "view.theme-light",
    icon: Sun,
    title: "Light theme",
    group: "View",
    when: () => settingsStore.getState().theme !== "light",
    run: () => updateSettings({ theme: "light" }),
  },
  {
    id: "view.theme-system",
    icon: SunMoon,
    title: "Theme as the system",
    group: "View",
    when: () => settingsStore.getState().theme !== "system",
    run: () => updateSettings({ theme: "system" }),
  },
  // Ctrl+W and Ctrl+Tab belong to the browser and cannot be had.
  {
    id: "view.close-tab",
    icon: X,
    title: "Close the tab",
    group: "View",
    keys: ["Alt+W"],
    when: hasTab,
    run: () => currentDock()?.closeActive(),
  },
  {
    id: "view.next-tab",
    title: "Next tab",
    group: "View",
    keys: ["Alt+PageDown"],
    hidden: true,
    when: hasTab,
    run: () => currentDock()?.step(1),
  },
  {
    id: "view.previous-tab",
    title: "Previous tab",
    group: "View",
    keys: ["Alt+PageUp"],
    hidden: true,
    when: hasTab,
    run: () => currentDock()?.step(-1),
  },
  {
    id: "view.split-right",
    icon: Columns2,
    title: "Move the tab to a split on the right",
    group: "View",
    keys: ["Mod+\\"],
    when: hasTab,
    run: () => currentDock()?.splitRight(),
  },
];

export function registerFrameCommands(): () => void {
  return registerCommands(COMMANDS);
}
