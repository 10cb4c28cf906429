import { createContext, useContext } from "react";
import { useStore } from "zustand";
import type { StoreApi } from "zustand/vanilla";
import type { NotebookSession } from "../../core/session/notebook-session.ts";
import type { NotebookState } from "../../core/session/notebook-state.ts";
import type { NotebookUi } from "../../core/session/sessions.ts";
import type { CellLanguage, CellLanguageStore } from "../language/cell-language.ts";
import type { NotebookActions } from "./notebook-actions.ts";

export interface NotebookScope {
  path: string;
  session: NotebookSession;
  ui: StoreApi<NotebookUi>;
  actions: NotebookActions;
  language: CellLanguageStore;
}

export const NotebookContext = createContext<NotebookScope | null>(null);

export function useScope(): NotebookScope {
  const scope = useContext(NotebookContext);
  if (!scope) throw new Error("outside of a notebook");
  return scope;
}

export function useNotebook<T>(select: (state: NotebookState) => T): T {
  return useStore(useScope().session.store, select);
}

export function useUi<T>(select: (state: NotebookUi) => T): T {
  return useStore(useScope().ui, select);
}

/** Null until the language service is loaded. */
export function useLanguage(): CellLanguage | null {
  return useStore(useScope().language, ({ current }) => current);
}
