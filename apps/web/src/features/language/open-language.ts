import "./language.css";
import { createElement } from "react";
import { socketUrl } from "../../core/api.ts";
import type { Monaco } from "../../core/monaco.ts";
import type { NotebookScope } from "../notebook/notebook-context.ts";
import type { CellLanguage } from "./cell-language.ts";
import { helpEditor } from "./editor-help.ts";
import { LanguageLink } from "./language-link.ts";
import { ProblemMark } from "./problem-mark.tsx";
import { underlineProblems } from "./underline.ts";

/** The language service of one notebook, loaded after the editor. */
export function openLanguage(monaco: Monaco, scope: NotebookScope): { language: CellLanguage; close: () => void } {
  const { session } = scope;
  const path = `api/opsbook/sessions/${encodeURIComponent(session.sessionId)}/language`;
  const link = new LanguageLink(session, socketUrl(path).href);
  return {
    language: {
      attach: (view, cellId) => helpEditor(monaco, view, { scope, link, cellId }),
      underline: (text, cellId) => underlineProblems(text, cellId, link),
      problemMark: (cellId) => createElement(ProblemMark, { cellId, link }),
    },
    close: () => link.close(),
  };
}
