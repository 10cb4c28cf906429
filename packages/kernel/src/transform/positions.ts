import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import type { MagicString } from "magic-string";
import type { SourceMap } from "oxc-transform";
import type { SourcePosition } from "./strip.ts";

interface Steps {
  script: MagicString;
  typescript: SourceMap;
  /** Characters added before the first column of the first line. */
  columnShift: number;
}

/** Where a place of printed JavaScript came from. */
export function originalPosition(map: SourceMap, at: SourcePosition): SourcePosition | null {
  const trace = new TraceMap({ version: 3, names: map.names, sources: [""], mappings: map.mappings });
  const { line, column } = originalPositionFor(trace, { line: at.line, column: at.column - 1 });
  return line === null ? null : { line, column: column + 1 };
}

/** From positions of the script the engine runs back to the cell's text. Built only when an error asks. */
export class PositionMap {
  #steps: Steps | null;
  #maps: [TraceMap, TraceMap] | null = null;
  readonly #columnShift: number;

  constructor(steps: Steps) {
    this.#steps = steps;
    this.#columnShift = steps.columnShift;
  }

  toSource(script: SourcePosition): SourcePosition | null {
    const [first, second] = this.#load();
    const middle = originalPositionFor(first, { line: script.line, column: script.column - 1 });
    if (middle.line === null) return null;
    const source = originalPositionFor(second, { line: middle.line, column: middle.column });
    if (source.line === null) return null;
    const shift = source.line === 1 ? this.#columnShift : 0;
    return { line: source.line, column: Math.max(source.column - shift, 0) + 1 };
  }

  #load(): [TraceMap, TraceMap] {
    if (this.#maps) return this.#maps;
    const steps = this.#steps;
    if (!steps) throw new TypeError("unreachable: the maps were built or their input is there");
    const script = steps.script.generateMap({ hires: "boundary" });
    this.#maps = [
      new TraceMap({ version: 3, names: script.names, sources: [""], mappings: script.mappings }),
      new TraceMap({ version: 3, names: steps.typescript.names, sources: [""], mappings: steps.typescript.mappings }),
    ];
    this.#steps = null;
    return this.#maps;
  }
}
