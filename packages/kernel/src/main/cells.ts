import { plainName } from "../transform/names.ts";
import type { PositionMap } from "../transform/positions.ts";
import { plainUrls } from "./modules.ts";

/** Cells whose positions can still be mapped. Older ones keep their number in stacks, without a line. */
const REMEMBERED = 2000;

interface Cell {
  count: number;
  source: string;
  positions: PositionMap;
  /** What stacks call it instead of `In[count]`: a file that a cell ran. */
  label?: string;
}

export const SCRIPT_PREFIX = "opsbook-cell-";

/** The script's name in the engine, from an execution's index. */
export function scriptName(index: number): string {
  return `${SCRIPT_PREFIX}${index}.ts`;
}

const FRAME = /opsbook-cell-(\d+)\.ts(?::(\d+):(\d+))?/g;

/** What cells' scripts were made from, to speak of `In[3]:2:5` where the engine speaks of its own text. */
export class Cells {
  readonly #cells = new Map<number, Cell>();
  readonly #latest = new Map<number, number>();

  remember(index: number, cell: Cell): void {
    this.#cells.set(index, cell);
    if (cell.label === undefined) this.#latest.set(cell.count, index);
    if (this.#cells.size <= REMEMBERED) return;
    const oldest = this.#cells.entries().next().value;
    if (!oldest) return;
    this.#cells.delete(oldest[0]);
    if (this.#latest.get(oldest[1].count) === oldest[0]) this.#latest.delete(oldest[1].count);
  }

  /** Rewrites every mention of a script in a stack. */
  translate(text: string): string {
    if (!text.includes(SCRIPT_PREFIX)) return plainName(plainUrls(text));
    return plainName(
      plainUrls(text).replace(FRAME, (_all, index: string, line?: string, column?: string) => {
        const cell = this.#cells.get(Number(index));
        const position =
          line && column ? cell?.positions.toSource({ line: Number(line), column: Number(column) }) : undefined;
        const name = cell?.label ?? `In[${cell?.count ?? index}]`;
        return position ? `${name}:${position.line}:${position.column}` : name;
      }),
    );
  }

  /** How a stack names a character of an execution's JavaScript. */
  nameOf(place: { index: number; offset: number }): string | null {
    const cell = this.#cells.get(place.index);
    const position = cell?.positions.ofJavaScript(place.offset);
    return cell && position ? `${cell.label ?? `In[${cell.count}]`}:${position.line}:${position.column}` : null;
  }

  /** The text of the latest cell with this number. */
  sourceOf(count: number): string | null {
    const index = this.#latest.get(count);
    return (index === undefined ? undefined : this.#cells.get(index))?.source ?? null;
  }
}
