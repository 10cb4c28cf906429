interface Cell {
  type: "code" | "markdown";
  source: string;
  /** Of a run that was saved with the cell. */
  result?: string;
}

/** The text of an `.ipynb`. Source: nbformat 4.5. */
export function notebookFile(
  kernelspec: { name: string; display_name: string; language: string },
  cells: readonly Cell[],
): string {
  return JSON.stringify({
    cells: cells.map((cell, at) => ({ id: `cell-${at}`, metadata: {}, source: cell.source, ...rest(cell, at) })),
    metadata: { kernelspec, language_info: { name: kernelspec.language } },
    nbformat: 4,
    nbformat_minor: 5,
  });
}

function rest({ type, result }: Cell, at: number): object {
  if (type === "markdown") return { cell_type: "markdown" };
  const count = result === undefined ? null : at + 1;
  const output = {
    output_type: "execute_result",
    execution_count: count,
    metadata: {},
    data: { "text/plain": result },
  };
  return { cell_type: "code", execution_count: count, outputs: result === undefined ? [] : [output] };
}
