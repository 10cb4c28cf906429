import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import type { MagicString } from "magic-string";
import { type Mappings, positionAt, type SourcePosition } from "./strip.ts";

interface Steps {
  script: MagicString;
  typescript: Mappings;
  /** Characters added before the first column of the first line. */
  columnShift: number;
  /** From what was transformed to the cell, where the two differ. */
  toCell: ((at: SourcePosition) => SourcePosition) | null;
}

/** Where a place of printed JavaScript came from. */
export function originalPosition(map: Mappings, at: SourcePosition): SourcePosition | null {
  const trace = new TraceMap({ version: 3, names: map.names, sources: [""], mappings: map.mappings });
  const { line, column } = originalPositionFor(trace, { line: at.line, column: at.column - 1 });
  return line === null ? null : { line, column: column + 1 };
}

/** From positions of the script the engine runs back to the cell's text. Built only when an error asks. */
export class PositionMap {
  readonly #steps: Steps;
  #maps: [TraceMap, TraceMap] | null = null;

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  toSource(script: SourcePosition): SourcePosition | null {
    const [first, second] = this.#load();
    const middle = originalPositionFor(first, { line: script.line, column: script.column - 1 });
    if (middle.line === null) return null;
    return this.#shifted(originalPositionFor(second, { line: middle.line, column: middle.column }));
  }

  #shifted(source: ReturnType<typeof originalPositionFor>): SourcePosition | null {
    if (source.line === null) return null;
    const shift = source.line === 1 ? this.#steps.columnShift : 0;
    const at = { line: source.line, column: Math.max(source.column - shift, 0) + 1 };
    return this.#steps.toCell ? this.#steps.toCell(at) : at;
  }

  /** The place of a character of the JavaScript between the two steps. */
  ofJavaScript(offset: number): SourcePosition | null {
    const at = positionAt(this.#steps.script.original, offset);
    const [, second] = this.#load();
    return this.#shifted(originalPositionFor(second, { line: at.line, column: at.column - 1 }));
  }

  #load(): [TraceMap, TraceMap] {
    if (this.#maps) return this.#maps;
    const steps = this.#steps;
    const script = steps.script.generateMap({ hires: "boundary" });
    this.#maps = [
      new TraceMap({ version: 3, names: script.names, sources: [""], mappings: script.mappings }),
      new TraceMap({ version: 3, names: steps.typescript.names, sources: [""], mappings: steps.typescript.mappings }),
    ];
    return this.#maps;
  }
}
