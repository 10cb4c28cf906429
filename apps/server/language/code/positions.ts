/** A place as the Language Server Protocol names it: lines from 0, characters in UTF-16 units. */
export interface Position {
  line: number;
  character: number;
}

/** Offsets of a text and its lines and characters, both ways. */
export class Lines {
  readonly #starts: number[] = [0];
  readonly #length: number;

  constructor(text: string) {
    this.#length = text.length;
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#starts.push(at + 1);
  }

  positionAt(offset: number): Position {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: offset - (this.#starts[low] ?? 0) };
  }

  /** Beyond the text: its end. */
  offsetAt({ line, character }: Position): number {
    return Math.min((this.#starts[line] ?? this.#length) + character, this.#length);
  }
}
