import { z } from "zod";
import { createStore } from "zustand/vanilla";
import { apiUrl } from "./api.ts";

/** Narrower, and the inspector would leave the notebook too little. */
export const INSPECTOR_FITS = "(min-width: 1100px)";

const SIDE_VIEWS = ["files", "terminals", "people", "history"] as const;
export type SideView = (typeof SIDE_VIEWS)[number];

const layoutSchema = z.object({
  sideView: z.enum(SIDE_VIEWS).nullable().catch("files"),
  /** Sizes in pixels. */
  sideWidth: z.number().catch(216),
  inspectorOpen: z.boolean().catch(true),
  /** Whether it lies over the notebook where there is no room beside it. */
  inspectorOverlay: z.boolean().catch(false),
  inspectorWidth: z.number().catch(264),
  panelOpen: z.boolean().catch(false),
  panelHeight: z.number().catch(220),
  panelMaximized: z.boolean().catch(false),
  /** Names of the terminals with a tab in the bottom panel, and which of them is shown. */
  terminals: z.array(z.string()).catch([]),
  activeTerminal: z.string().nullable().catch(null),
  /** Folders that stand open in the explorer. */
  expanded: z.array(z.string()).catch([]),
  /** Paths opened last, newest first. */
  recent: z.array(z.string()).catch([]),
  /** The docking library's own description of tabs and splits. */
  dock: z.unknown().optional(),
});
export type Layout = z.infer<typeof layoutSchema>;

/** Several servers can share an origin behind a proxy: each keeps its own layout. */
const key = (): string => `opsbook.layout:${apiUrl(".").pathname}`;

function load(): Layout {
  try {
    return layoutSchema.parse(JSON.parse(localStorage.getItem(key()) ?? "{}"));
  } catch {
    return layoutSchema.parse({});
  }
}

export const layoutStore = createStore<Layout>(load);

let saveTimer: ReturnType<typeof setTimeout> | undefined;

function save(): void {
  clearTimeout(saveTimer);
  saveTimer = undefined;
  try {
    localStorage.setItem(key(), JSON.stringify(layoutStore.getState()));
  } catch {
    // Blocked or full storage: the layout then lasts as long as the page.
  }
}

/** Dragging a sash changes the layout at every frame; storage sees it once it rests. */
const SAVE_DELAY_MS = 200;

export function updateLayout(change: Partial<Layout>): void {
  layoutStore.setState(change);
  saveTimer ??= setTimeout(save, SAVE_DELAY_MS);
}

if (typeof window !== "undefined") window.addEventListener("pagehide", save);

const RECENT_LIMIT = 12;

export function rememberRecent(path: string): void {
  const { recent } = layoutStore.getState();
  updateLayout({ recent: [path, ...recent.filter((other) => other !== path)].slice(0, RECENT_LIMIT) });
}

export function forgetRecent(path: string): void {
  updateLayout({ recent: layoutStore.getState().recent.filter((other) => other !== path) });
}
