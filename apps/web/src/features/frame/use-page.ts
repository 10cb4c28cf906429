import { useEffect } from "react";
import { useStore } from "zustand";
import { refreshMe } from "../../core/me.ts";
import { baseName, displayName } from "../../core/paths.ts";
import { useSessionStatus } from "../../core/session/sessions.ts";
import { settingsStore, watchTheme } from "../../core/settings.ts";
import { openTab, parseRoute, routeOf, workspaceStore } from "../../core/workspace.ts";

/** Keeps `<html>` in step with theme and text size. */
export function useAppearance(): void {
  useEffect(
    () =>
      watchTheme((theme) => {
        document.documentElement.dataset.theme = theme;
      }),
    [],
  );
  const codeFontSize = useStore(settingsStore, (state) => state.codeFontSize);
  useEffect(() => {
    const { style } = document.documentElement;
    style.setProperty("--code", `${codeFontSize}px`);
    style.setProperty("--lh-code", `${Math.round(codeFontSize * 1.6)}px`);
  }, [codeFontSize]);
}

/** The address names the active tab, so that it can be sent to somebody; back and forward move between tabs. */
export function useRoute(): void {
  const active = useStore(workspaceStore, (state) => state.active);
  useEffect(() => {
    const onHashChange = (): void => {
      const route = parseRoute(window.location.hash);
      if (route) openTab(route);
    };
    window.addEventListener("hashchange", onHashChange);
    return () => window.removeEventListener("hashchange", onHashChange);
  }, []);
  useEffect(() => {
    const route = routeOf(active);
    // Before the dock is there the address is the wish, not the state.
    if (!active || window.location.hash === route) return;
    history.pushState(null, "", route);
  }, [active]);
}

/** The title says which notebook this is and whether it runs. */
export function useTitle(): void {
  const notebook = useStore(workspaceStore, (state) => state.notebook);
  const active = useStore(workspaceStore, (state) => state.active);
  const status = useSessionStatus(notebook ?? "");
  const name = active && active.kind !== "terminal" ? displayName(baseName(active.path)) : null;
  const mark = !status ? "" : status.running > 0 ? "▶ " : status.failed > 0 ? "✕ " : "";
  useEffect(() => {
    document.title = name ? `${mark}${name} · Opsbook` : "Opsbook";
  }, [name, mark]);
}

/** Milliseconds between looks at whether the server answers, while the page is visible. */
const ME_POLL_MS = 30_000;

export function useMe(): void {
  useEffect(() => {
    void refreshMe();
    const look = (): void => {
      if (document.visibilityState === "visible") void refreshMe();
    };
    const timer = setInterval(look, ME_POLL_MS);
    window.addEventListener("online", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
}
