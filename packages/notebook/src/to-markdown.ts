/** Notebook → Markdown: prose as it is, code and its output in fences, images inline. */
import { plainJson } from "./json-tags.ts";
import type { Cell, MimeBundle, Notebook, Output } from "./model.ts";
import { notebookLanguage, stripAnsi } from "./to-text.ts";

const IMAGE_MIMES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
/** What a carriage return lets the rest of its line overwrite: progress bars leave their last state. */
const OVERWRITTEN_LINE = /^[^\n]*\r(?!\n)/gm;

/** The whole notebook as CommonMark, ending in a newline. Raw cells are left out: they belong to one other format. */
export function toMarkdown(notebook: Notebook): string {
  const language = notebookLanguage(notebook);
  const blocks = notebook.cells.flatMap((cell) => cellBlocks(cell, language));
  return blocks.length === 0 ? "" : `${blocks.join("\n\n")}\n`;
}

function cellBlocks(cell: Cell, language: string): string[] {
  switch (cell.cell_type) {
    case "raw":
      return [];
    case "markdown":
      return cell.source.trim() === "" ? [] : [cell.source.replace(/\s+$/, "")];
    case "code": {
      const code = cell.source.trim() === "" ? [] : [fence(cell.source, language)];
      return [...code, ...cell.outputs.flatMap((output) => outputBlock(output) ?? [])];
    }
  }
}

function outputBlock(output: Output): string | undefined {
  switch (output.output_type) {
    case "stream":
      return textBlock(output.text);
    case "error":
      return textBlock(output.traceback.join("\n") || `${output.ename}: ${output.evalue}`);
    case "display_data":
    case "execute_result":
      return bundleBlock(output.data);
  }
}

function bundleBlock(data: MimeBundle): string | undefined {
  const markdown = data["text/markdown"];
  if (typeof markdown === "string") return markdown.replace(/\s+$/, "");
  for (const mime of IMAGE_MIMES) {
    const image = data[mime];
    if (typeof image === "string") return `![output](data:${mime};base64,${image.replace(/\s/g, "")})`;
  }
  const text = data["text/plain"];
  if (typeof text === "string") return textBlock(text);
  const json = data["application/json"];
  return json === undefined ? undefined : fence(JSON.stringify(plainJson(json), null, 2), "json");
}

function textBlock(text: string): string | undefined {
  const shown = stripAnsi(text).replace(OVERWRITTEN_LINE, "");
  return shown.trim() === "" ? undefined : fence(shown, "text");
}

/** A fence longer than any run of backticks inside. */
function fence(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map((run) => run[0].length));
  const marks = "`".repeat(longest + 1);
  return `${marks}${language}\n${text.replace(/\n+$/, "")}\n${marks}`;
}
