/** Fresh notebooks and cells. */
import { newCellId } from "./cell-id.ts";
import type { CellType, Notebook } from "./model.ts";

export interface KernelSpecName {
  name: string;
  display_name: string;
  language: string;
}

export const TYPESCRIPT_KERNELSPEC: KernelSpecName = {
  name: "typescript",
  display_name: "TypeScript",
  language: "typescript",
};

/** A notebook of one empty code cell for this kernel; `language_info` is what lets other tools colour it. */
export function newNotebook(kernelspec: KernelSpecName = TYPESCRIPT_KERNELSPEC): Notebook {
  const { name, display_name, language } = kernelspec;
  const details = language === "typescript" ? { file_extension: ".ts", mimetype: "text/typescript" } : {};
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { display_name, language, name }, language_info: { ...details, name: language } },
    cells: [newCell("code", "")],
  };
}

/** A cell of this type with a fresh id. */
export function newCell<T extends CellType>(
  type: T,
  source: string,
): Extract<Notebook["cells"][number], { cell_type: T }>;
export function newCell(type: CellType, source: string): Notebook["cells"][number] {
  const base = { id: newCellId(), source, metadata: {} };
  return type === "code"
    ? { cell_type: type, ...base, execution_count: null, outputs: [] }
    : { cell_type: type, ...base };
}
