/** What exporters share. */
import { isObject } from "./form.ts";
import type { Notebook } from "./model.ts";

// ECMA-48 control sequences, operating system commands (ended by BEL or ST) and two-character escapes.
const ANSI = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^-~])/g;

/** Text without terminal escapes. */
export function stripAnsi(text: string): string {
  return text.replace(ANSI, "");
}

/** The language of the code cells, as Markdown fences name it; `""` where the notebook names none. */
export function notebookLanguage(notebook: Notebook): string {
  const { kernelspec, language_info } = notebook.metadata;
  const info = isObject(language_info) ? language_info.name : undefined;
  const spec = isObject(kernelspec) ? kernelspec.language : undefined;
  const name = typeof info === "string" ? info : typeof spec === "string" ? spec : "";
  return /^[\w+#.-]*$/.test(name) ? name.toLowerCase() : "";
}
