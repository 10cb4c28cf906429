import type { editor } from "monaco-editor/editor/editor.api";
import type { ReactElement } from "react";
import { createStore, type StoreApi } from "zustand/vanilla";

/** What the cells of a notebook get from the language service, once it and the editor are loaded. */
export interface CellLanguage {
  /** Help in the editor of a cell, until the returned function is called. */
  attach(view: editor.IStandaloneCodeEditor, cellId: string): () => void;
  /** Underlines what is wrong in the text of a cell that is only read; the element holds that text and nothing else. */
  underline(text: HTMLElement, cellId: string): () => void;
  /** How much is wrong in a cell. */
  problemMark(cellId: string): ReactElement;
}

export type CellLanguageStore = StoreApi<{ current: CellLanguage | null }>;

export const createCellLanguage = (): CellLanguageStore => createStore(() => ({ current: null }));
