import type { Cell, Notebook } from "../model.ts";
import { matchCells } from "./match.ts";

export type Side = "mine" | "theirs" | "both";

export interface Choices {
  /** By the id of my cell, or of theirs where I have none. What is not named stays as it is here. */
  cells: ReadonlyMap<string, Side>;
  metadata: "mine" | "theirs";
}

/** Their notebook with my ids for the cells that are the same, so that both speak of one cell by one name. */
export function withMyIds(mine: Notebook, theirs: Notebook): Notebook {
  const ids = new Map(
    matchCells(mine.cells, theirs.cells).flatMap(({ before, after }) =>
      before !== null && after !== null ? [[after, mine.cells[before]!.id] as const] : [],
    ),
  );
  return { ...theirs, cells: theirs.cells.map((cell, index) => ({ ...cell, id: ids.get(index) ?? cell.id })) };
}

/**
 * One notebook of two, `theirs` being under my ids. Both of a cell that is on either side means mine, then theirs
 * under an id that `newId` gives.
 */
export function chooseCells(mine: Notebook, theirs: Notebook, choices: Choices & { newId: () => string }): Notebook {
  const cells = [...mine.cells];
  const sideOf = (id: string) => choices.cells.get(id) ?? "mine";
  const place = (id: string) => cells.findIndex((cell) => cell.id === id);
  let previous: string | null = null;
  const putAfter = (cell: Cell) => cells.splice(previous === null ? 0 : place(previous) + 1, 0, cell);
  for (const { before, after, moved } of matchCells(mine.cells, theirs.cells)) {
    const ours = before === null ? null : mine.cells[before]!;
    const other = after === null ? null : theirs.cells[after]!;
    const id = (ours ?? other!).id;
    const side = sideOf(id);
    if (!other) {
      if (side === "theirs") cells.splice(place(id), 1);
      else previous = id;
      continue;
    }
    if (!ours) {
      if (side === "mine") continue;
      putAfter(other);
    } else if (side === "theirs") {
      if (moved) {
        cells.splice(place(id), 1);
        putAfter(other);
      } else cells[place(id)] = other;
    }
    if (!moved || side === "theirs") previous = id;
    if (!ours || side !== "both") continue;
    const copy = { ...other, id: choices.newId() };
    cells.splice(place(id) + 1, 0, copy);
    if (!moved) previous = copy.id;
  }
  const whole = choices.metadata === "theirs" ? theirs : mine;
  return { ...whole, cells };
}
