import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";

export type FileCell = string | { markdown: string };

const savedSchema = z.looseObject({
  cells: z.array(
    z.looseObject({ id: z.string(), cell_type: z.string(), source: z.union([z.string(), z.array(z.string())]) }),
  ),
});

/** A notebook that nobody ran yet. A string is a code cell. */
export function writeNotebook(file: string, cells: readonly FileCell[], kernel = "typescript"): void {
  const notebook = {
    cells: cells.map((cell, index) => {
      const common = { id: `cell-${index}`, metadata: {} };
      return typeof cell === "string"
        ? { cell_type: "code", execution_count: null, ...common, outputs: [], source: cell }
        : { cell_type: "markdown", ...common, source: cell.markdown };
    }),
    metadata: { kernelspec: { name: kernel, display_name: kernel, language: "typescript" } },
    nbformat: 4,
    nbformat_minor: 5,
  };
  writeFileSync(file, `${JSON.stringify(notebook, null, 1)}\n`);
}

/** The cells as they are on disk: their texts, those that are no code behind the name of their type. */
export function readCells(file: string): string[] {
  return savedSchema.parse(JSON.parse(readFileSync(file, "utf8"))).cells.map(({ cell_type, source }) => {
    const text = typeof source === "string" ? source : source.join("");
    return cell_type === "code" ? text : `${cell_type}: ${text}`;
  });
}
