import { z } from "zod";
import { createStore } from "zustand/vanilla";

const settingsSchema = z.object({
  theme: z.enum(["system", "dark", "light"]).catch("system"),
  /** Pixels; line heights follow. */
  codeFontSize: z.number().min(10).max(24).catch(12.5),
  /** How two versions of a notebook are shown. */
  diffLayout: z.enum(["split", "unified"]).catch("split"),
  terminalFontSize: z.number().min(9).max(24).catch(12),
  /** Help for first use on the home view. */
  showWelcome: z.boolean().catch(true),
});
export type Settings = z.infer<typeof settingsSchema>;

const KEY = "opsbook.settings";
const DEFAULTS: Settings = settingsSchema.parse({});

function load(): Settings {
  try {
    return settingsSchema.catch(DEFAULTS).parse(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    // Storage may be blocked or hold something foreign; settings then last as long as the page.
    return DEFAULTS;
  }
}

export const settingsStore = createStore<Settings>(load);

export function updateSettings(change: Partial<Settings>): void {
  settingsStore.setState(settingsSchema.parse({ ...settingsStore.getState(), ...change }));
  try {
    localStorage.setItem(KEY, JSON.stringify(settingsStore.getState()));
  } catch {
    // As above: kept for this page only.
  }
}

export type Theme = "dark" | "light";

const darkQuery = (): MediaQueryList => window.matchMedia("(prefers-color-scheme: dark)");

/** What is shown now: the setting, or the system's wish. */
export function resolvedTheme(): Theme {
  const { theme } = settingsStore.getState();
  if (theme !== "system") return theme;
  return darkQuery().matches ? "dark" : "light";
}

/** Calls back at once and after each change of the shown theme; returns the function that stops it. */
export function watchTheme(listener: (theme: Theme) => void): () => void {
  let shown: Theme | null = null;
  const check = (): void => {
    const next = resolvedTheme();
    if (next === shown) return;
    shown = next;
    listener(next);
  };
  const query = darkQuery();
  query.addEventListener("change", check);
  const unsubscribe = settingsStore.subscribe(check);
  check();
  return () => {
    query.removeEventListener("change", check);
    unsubscribe();
  };
}
