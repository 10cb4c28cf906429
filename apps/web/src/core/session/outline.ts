import type { CellRunState, CellView } from "./cell-views.ts";

export interface OutlineItem {
  cellId: string;
  kind: "heading" | "cell";
  /** 1–6 for headings, 0 for code cells. */
  level: number;
  title: string;
  executionCount: number | null;
  state: CellRunState;
}

const TITLE_LENGTH = 80;

/** Headings of the text cells and a line for each code cell, in the notebook's order. */
export function outlineOf(views: readonly CellView[]): OutlineItem[] {
  return views.flatMap(({ cell, source, state }): OutlineItem[] => {
    if (cell.cell_type === "markdown") return headings(source).map((heading) => ({ ...heading, cellId: cell.id }));
    if (cell.cell_type !== "code") return [];
    const title = codeTitle(source);
    return [{ cellId: cell.id, kind: "cell", level: 0, title, executionCount: cell.execution_count, state }];
  });
}

function headings(markdown: string): Omit<OutlineItem, "cellId">[] {
  const found: Omit<OutlineItem, "cellId">[] = [];
  let fenced = false;
  for (const line of markdown.split("\n")) {
    if (/^\s{0,3}(```|~~~)/.test(line)) fenced = !fenced;
    const match = fenced ? null : /^ {0,3}(#{1,6})\s+(.+?)\s*#*$/.exec(line);
    if (!match) continue;
    const title = match[2]!.replace(/[*_`]/g, "").slice(0, TITLE_LENGTH);
    found.push({ kind: "heading", level: match[1]!.length, title, executionCount: null, state: "idle" });
  }
  return found;
}

/** A leading comment says what a cell is about; else its first line of code does. */
function codeTitle(source: string): string {
  const line = source.split("\n").find((candidate) => candidate.trim() !== "") ?? "";
  return (
    line
      .trim()
      .replace(/^(\/\/+|#+|\/\*+)\s*/, "")
      .slice(0, TITLE_LENGTH) || "empty cell"
  );
}
