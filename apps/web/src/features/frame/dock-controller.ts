import type { DockviewApi, IDockviewPanel } from "dockview-react";
import { z } from "zod";
import { layoutStore, rememberRecent, updateLayout } from "../../core/layout.ts";
import { baseName, displayName, movedPath } from "../../core/paths.ts";
import { type Dock, isNotebookPath, setWorkspace, type TabRef, tabId } from "../../core/workspace.ts";

const tabRefSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("notebook"), path: z.string() }),
  z.object({ kind: z.literal("file"), path: z.string() }),
  z.object({ kind: z.literal("versions"), path: z.string(), from: z.string().nullable(), to: z.string() }),
  z.object({ kind: z.literal("terminal"), name: z.string() }),
  z.object({ kind: z.literal("log"), path: z.string(), outputId: z.string() }),
]);

/** What a panel's parameters say it shows; null for something of an older version. */
export function parseTab(params: unknown): TabRef | null {
  const parsed = tabRefSchema.safeParse(params);
  return parsed.success ? parsed.data : null;
}

export function tabTitle(tab: TabRef): string {
  if (tab.kind === "terminal") return `Terminal ${tab.name}`;
  const name = displayName(baseName(tab.path));
  if (tab.kind === "versions") return `${name}: ${tab.from === null ? "a version" : "compared"}`;
  return tab.kind === "log" ? `Log of ${name.replace(/\.ipynb$/, "")}` : name;
}

const pathOf = (panel: IDockviewPanel): string | null => {
  const tab = parseTab(panel.params);
  return tab && (tab.kind === "notebook" || tab.kind === "file") ? tab.path : null;
};

/** Milliseconds within which one gesture's many layout events are one. */
const SETTLE_MS = 100;

/** Gives the docking library our own small interface, and keeps its layout over a reload. */
export function createDock(api: DockviewApi): Dock & { dispose(): void } {
  restore(api);

  const report = (): void => {
    const active = api.activePanel;
    setWorkspace(
      active ? parseTab(active.params) : null,
      api.panels.map((panel) => panel.id),
    );
  };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const subscriptions = [
    api.onDidActivePanelChange(report),
    api.onDidAddPanel(report),
    api.onDidRemovePanel(report),
    api.onDidLayoutChange(() => {
      clearTimeout(timer);
      timer = setTimeout(() => updateLayout({ dock: api.toJSON() }), SETTLE_MS);
    }),
  ];
  report();

  const open: Dock["open"] = (tab, options) => {
    const existing = api.getPanel(tabId(tab));
    if (existing) {
      existing.api.setActive();
      return;
    }
    const reference = options?.beside ? api.activePanel : undefined;
    api.addPanel({
      id: tabId(tab),
      component: tab.kind,
      tabComponent: "tab",
      title: tabTitle(tab),
      params: tab,
      renderer: "always",
      ...(reference ? { position: { referencePanel: reference, direction: "right" } } : {}),
    });
  };

  const close: Dock["close"] = (id) => api.getPanel(id)?.api.close();

  return {
    open,
    close,
    closeActive: () => api.activePanel?.api.close(),
    step(by) {
      const group = api.activeGroup;
      const panels = group?.panels ?? [];
      const index = panels.findIndex(({ id }) => id === api.activePanel?.id);
      panels[(index + by + panels.length) % panels.length]?.api.setActive();
    },
    splitRight() {
      const panel = api.activePanel;
      if (panel && panel.group.panels.length > 1) panel.api.moveTo({ group: panel.group, position: "right" });
    },
    renamed(from, to) {
      for (const panel of [...api.panels]) {
        const path = pathOf(panel);
        const moved = path === null ? null : movedPath(path, from, to);
        if (moved === null) continue;
        if (parseTab(panel.params)?.kind === "versions") {
          panel.api.close();
          continue;
        }
        // A session belongs to a path: the tab is made anew in the old one's place.
        const { group } = panel;
        const index = group.panels.indexOf(panel);
        const wasActive = panel === api.activePanel;
        const tab: TabRef = { kind: isNotebookPath(moved) ? "notebook" : "file", path: moved };
        if (!api.getPanel(tabId(tab))) {
          api.addPanel({
            id: tabId(tab),
            component: tab.kind,
            tabComponent: "tab",
            title: tabTitle(tab),
            params: tab,
            renderer: "always",
            inactive: !wasActive,
            position: { referenceGroup: group, index },
          });
          if (wasActive) rememberRecent(moved);
        }
        panel.api.close();
      }
    },
    deleted(path) {
      for (const panel of [...api.panels]) {
        const shown = pathOf(panel);
        if (shown !== null && movedPath(shown, path, path) !== null) panel.api.close();
      }
    },
    dispose() {
      clearTimeout(timer);
      for (const subscription of subscriptions) subscription.dispose();
    },
  };
}

function restore(api: DockviewApi): void {
  const saved = layoutStore.getState().dock;
  if (!saved) return;
  try {
    api.fromJSON(saved as Parameters<DockviewApi["fromJSON"]>[0]);
    for (const panel of [...api.panels]) if (!parseTab(panel.params)) panel.api.close();
  } catch {
    // Saved by another version of the library: begin with an empty dock.
    api.clear();
    updateLayout({ dock: undefined });
  }
}
