/** Notebook → one TypeScript file in the "percent" layout that editors and jupytext know. */
import type { Cell, Notebook } from "./model.ts";
import { notebookLanguage } from "./to-text.ts";

/** Magics (`%env`) and shell lines (`!df -h`) stand at the start of a line. */
const MAGIC_LINE = /^(?:%[a-zA-Z]|!\s*[a-zA-Z./])/;

/**
 * Code cells as they stand, everything that is no TypeScript as comments: prose, raw cells, magics,
 * `%%` cells, and every cell of a notebook in another language. Outputs are left out.
 */
export function toTypeScript(notebook: Notebook): string {
  const language = notebookLanguage(notebook);
  const isScript = language === "typescript" || language === "javascript";
  const blocks = notebook.cells.map((cell) => block(cell, isScript));
  return blocks.length === 0 ? "" : `${blocks.join("\n\n")}\n`;
}

function block(cell: Cell, isScript: boolean): string {
  const head = cell.cell_type === "code" ? "// %%" : `// %% [${cell.cell_type}]`;
  const lines = cell.source.trimEnd().split("\n");
  if (lines.length === 1 && lines[0] === "") return head;
  const foreign = cell.cell_type !== "code" || !isScript || /^\s*%%/.test(cell.source);
  return [head, ...lines.map((line) => (foreign || MAGIC_LINE.test(line) ? `// ${line}`.trimEnd() : line))].join("\n");
}
