import type { IDockviewPanelHeaderProps } from "dockview-react";
import { FileDiff, NotebookText, ScrollText, SquareTerminal, X } from "lucide-react";
import { useStore } from "zustand";
import { displayName } from "../../core/paths.ts";
import { useSessionStatus } from "../../core/session/sessions.ts";
import type { TabRef } from "../../core/workspace.ts";
import { StateDot } from "../../ui/badge.tsx";
import { FileIcon } from "../files/file-icon.tsx";
import { terminalLabel, terminalsStore } from "../terminal/terminals-store.ts";
import { parseTab, tabTitle } from "./dock-controller.ts";

function NotebookMarks({ path }: { path: string }) {
  const status = useSessionStatus(path);
  if (!status) return null;
  if (status.connection === "offline") return <span className="text-stale text-xs">offline</span>;
  if (status.running > 0) return <StateDot state="running" label="running" />;
  if (status.failed > 0) return <StateDot state="failed" label="a cell failed" />;
  if (status.save?.state === "failed" || status.save?.state === "conflict")
    return <StateDot state="failed" label="not saved" />;
  return null;
}

function TabIcon({ tab }: { tab: TabRef }) {
  if (tab.kind === "notebook") return <NotebookText size={14} aria-hidden className="flex-none text-accent" />;
  if (tab.kind === "versions") return <FileDiff size={14} aria-hidden className="flex-none" />;
  if (tab.kind === "terminal") return <SquareTerminal size={14} aria-hidden className="flex-none" />;
  if (tab.kind === "log") return <ScrollText size={14} aria-hidden className="flex-none" />;
  return <FileIcon entry={{ name: tab.path, type: "file" }} />;
}

function TerminalTitle({ name }: { name: string }) {
  return useStore(terminalsStore, ({ titles }) => displayName(terminalLabel(name, titles)));
}

export function DockTab({ api, params }: IDockviewPanelHeaderProps) {
  const tab = parseTab(params);
  if (!tab) return null;
  const title = tabTitle(tab);
  return (
    <div
      className="group flex h-full max-w-60 items-center gap-2 pr-1.5 pl-3.5"
      title={tab.kind === "terminal" ? title : displayName(tab.path)}
      onAuxClick={(event) => {
        if (event.button === 1) api.close();
      }}
    >
      <TabIcon tab={tab} />
      <bdi className="truncate">
        {tab.kind === "terminal" ? <TerminalTitle name={tab.name} /> : title.replace(/\.ipynb(?=$|:)/, "")}
      </bdi>
      {tab.kind === "notebook" ? <NotebookMarks path={tab.path} /> : null}
      <button
        type="button"
        tabIndex={-1}
        aria-label={`Close ${title}`}
        className="grid size-5 flex-none place-items-center rounded-sm text-fg-3 opacity-0 hover:bg-hover hover:text-fg focus-visible:opacity-100 group-hover:opacity-100 [.dv-active-tab_&]:opacity-100"
        // A press on the button is no beginning of a tab's drag.
        onPointerDown={(event) => event.stopPropagation()}
        onClick={(event) => {
          event.stopPropagation();
          api.close();
        }}
      >
        <X size={12} aria-hidden />
      </button>
    </div>
  );
}
