import type * as MonacoApi from "monaco-editor/editor/editor.api";
import { watchTheme } from "./settings.ts";

/**
 * The editor, fetched once and late: after the notebook has been painted as plain text. Nothing of the first bundle
 * imports it.
 */
export type Monaco = typeof MonacoApi;

let loading: Promise<Monaco> | null = null;
let loaded: Monaco | null = null;
const themeListeners = new Set<() => void>();

export function monacoNow(): Monaco | null {
  return loaded;
}

export function loadMonaco(): Promise<Monaco> {
  loading ??= Promise.all([import("./monaco-bundle.ts"), document.fonts.load('12.5px "JetBrains Mono Variable"')])
    .then(([{ monaco, applyTheme }]) => {
      loaded = monaco;
      // Token classes are numbered by theme: text coloured before this would wear the wrong colours.
      watchTheme((theme) => {
        applyTheme(theme);
        for (const listener of themeListeners) listener();
      });
      return monaco;
    })
    .catch((error: unknown) => {
      // The next one who needs it tries again.
      loading = null;
      throw error;
    });
  return loading;
}

/** Begins loading once what is on screen has been painted. */
export async function loadMonacoAfterPaint(): Promise<Monaco> {
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  return loadMonaco();
}

/** Colours made before a theme change are stale after it. */
export function onMonacoTheme(listener: () => void): () => void {
  themeListeners.add(listener);
  return () => themeListeners.delete(listener);
}

const LANGUAGES: Record<string, string> = { bash: "shell", sh: "shell", ts: "typescript", js: "javascript" };

export function editorLanguage(name: string): string {
  const language = name.toLowerCase();
  return LANGUAGES[language] ?? language;
}
