/** A line start is kept about this often, in bytes: any other is found by reading at most that much. */
const STEP_BYTES = 65_536;

/** A place where a line begins. Both count from 0. */
export interface LineStart {
  line: number;
  offset: number;
}

/**
 * Where the lines of a growing text begin, sparsely: one entry every 64 KiB, so that 200 MB cost about 3,000 of them.
 * A line of 64 KiB and more is always followed by an entry.
 */
export class LineIndex {
  readonly #offsets: number[] = [0];
  readonly #lines: number[] = [0];
  #bytes = 0;
  #newlines = 0;
  /** Where the last line begins. */
  #lastStart = 0;

  /** Bytes seen. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Lines, with one that has no end yet. */
  get lines(): number {
    return this.#newlines + (this.#bytes > this.#lastStart ? 1 : 0);
  }

  /** The text goes on with `data`. */
  add(data: Uint8Array): void {
    for (let at = 0; at < data.length; at++) {
      if (data[at] !== 0x0a) continue;
      this.#newlines += 1;
      this.#lastStart = this.#bytes + at + 1;
      if (this.#lastStart - this.#offsets.at(-1)! < STEP_BYTES) continue;
      this.#offsets.push(this.#lastStart);
      this.#lines.push(this.#newlines);
    }
    this.#bytes += data.length;
  }

  /** The nearest known start of this line or one before it. */
  before(line: number): LineStart {
    return this.#entry(lastAtMost(this.#lines, line));
  }

  /** The nearest known line start at or before this byte. */
  beforeOffset(offset: number): LineStart {
    return this.#entry(lastAtMost(this.#offsets, offset));
  }

  /** Where the line after a long one (64 KiB and more) begins; the end of the text where there is none yet. */
  afterLong(line: number): number {
    const entry = this.before(line + 1);
    return entry.line === line + 1 ? entry.offset : this.#bytes;
  }

  #entry(index: number): LineStart {
    return { line: this.#lines[index]!, offset: this.#offsets[index]! };
  }
}

/** Index of the last of ascending `values` that is at most `limit`; the first is. */
function lastAtMost(values: readonly number[], limit: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (values[middle]! <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
