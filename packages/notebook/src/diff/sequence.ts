/**
 * What two lists have in common. Patience diff (Bram Cohen): elements that stand once on either side anchor the
 * rest, so that a moved function is not torn apart along its closing braces.
 */

/** `a[a0 … a0+length)` equals `b[b0 … b0+length)`. */
export interface CommonRun {
  a: number;
  b: number;
  length: number;
}

interface Range {
  a0: number;
  a1: number;
  b0: number;
  b1: number;
}

/** Cells of the table for a stretch without anchors; a larger one is matched greedily. */
const TABLE_LIMIT = 1_000_000;
/** How far the greedy match looks ahead for the same element. */
const LOOK_AHEAD = 100;

/** The common runs of both lists, in order and as long as they go. Time grows with n log n, whatever the lists hold. */
export function commonRuns(a: readonly string[], b: readonly string[]): CommonRun[] {
  const numbers = new Map<string, number>();
  const numberOf = (text: string) => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, numbers.size);
    return numbers.size - 1;
  };
  const left = Uint32Array.from(a, numberOf);
  const right = Uint32Array.from(b, numberOf);
  const pairs: [number, number][] = [];
  const open: Range[] = [{ a0: 0, a1: left.length, b0: 0, b1: right.length }];
  for (let range = open.pop(); range; range = open.pop()) {
    const inner = trim(left, right, range, pairs);
    if (inner.a0 === inner.a1 || inner.b0 === inner.b1) continue;
    const anchors = uniqueAnchors(left, right, inner);
    if (anchors.length === 0) {
      tablePairs(left, right, inner, pairs);
      continue;
    }
    let { a0, b0 } = inner;
    for (const [x, y] of anchors) {
      pairs.push([x, y]);
      open.push({ a0, a1: x, b0, b1: y });
      a0 = x + 1;
      b0 = y + 1;
    }
    open.push({ a0, a1: inner.a1, b0, b1: inner.b1 });
  }
  return joined(pairs);
}

/** Takes what both ends have in common; gives back what lies between. */
function trim(left: Uint32Array, right: Uint32Array, range: Range, pairs: [number, number][]): Range {
  let { a0, a1, b0, b1 } = range;
  while (a0 < a1 && b0 < b1 && left[a0] === right[b0]) pairs.push([a0++, b0++]);
  while (a0 < a1 && b0 < b1 && left[a1 - 1] === right[b1 - 1]) pairs.push([--a1, --b1]);
  return { a0, a1, b0, b1 };
}

function uniqueAnchors(left: Uint32Array, right: Uint32Array, { a0, a1, b0, b1 }: Range): [number, number][] {
  const once = placesOfSingles(right, b0, b1);
  const candidates: [number, number][] = [];
  for (const [value, x] of placesOfSingles(left, a0, a1)) {
    const y = once.get(value);
    if (y !== undefined) candidates.push([x, y]);
  }
  candidates.sort(([x], [other]) => x - other);
  const kept = longestIncreasing(candidates.map(([, y]) => y));
  return candidates.filter((_, index) => kept.has(index));
}

function placesOfSingles(list: Uint32Array, from: number, to: number): Map<number, number> {
  const places = new Map<number, number>();
  const repeated = new Set<number>();
  for (let at = from; at < to; at += 1) {
    const value = list[at]!;
    if (places.has(value)) repeated.add(value);
    else places.set(value, at);
  }
  for (const value of repeated) places.delete(value);
  return places;
}

function tablePairs(left: Uint32Array, right: Uint32Array, { a0, a1, b0, b1 }: Range, pairs: [number, number][]): void {
  const rows = a1 - a0;
  const columns = b1 - b0;
  if (rows * columns > TABLE_LIMIT) {
    greedyPairs(left, right, { a0, a1, b0, b1 }, pairs);
    return;
  }
  const width = columns + 1;
  const table = new Uint32Array((rows + 1) * width);
  for (let row = rows - 1; row >= 0; row -= 1)
    for (let column = columns - 1; column >= 0; column -= 1)
      table[row * width + column] =
        left[a0 + row] === right[b0 + column]
          ? table[(row + 1) * width + column + 1]! + 1
          : Math.max(table[(row + 1) * width + column]!, table[row * width + column + 1]!);
  let row = 0;
  let column = 0;
  while (row < rows && column < columns) {
    if (left[a0 + row] === right[b0 + column]) pairs.push([a0 + row++, b0 + column++]);
    else if (table[(row + 1) * width + column]! >= table[row * width + column + 1]!) row += 1;
    else column += 1;
  }
}

function greedyPairs(
  left: Uint32Array,
  right: Uint32Array,
  { a0, a1, b0, b1 }: Range,
  pairs: [number, number][],
): void {
  let from = a0;
  for (let y = b0; y < b1 && from < a1; y += 1) {
    const found = left.subarray(from, Math.min(a1, from + LOOK_AHEAD)).indexOf(right[y]!);
    if (found < 0) continue;
    pairs.push([from + found, y]);
    from += found + 1;
  }
}

function joined(pairs: [number, number][]): CommonRun[] {
  pairs.sort(([x], [other]) => x - other);
  const runs: CommonRun[] = [];
  for (const [a, b] of pairs) {
    const last = runs.at(-1);
    if (last && last.a + last.length === a && last.b + last.length === b) last.length += 1;
    else runs.push({ a, b, length: 1 });
  }
  return runs;
}

/** Which places of a list make its longest increasing row (Fredman 1975). */
export function longestIncreasing(values: readonly number[]): Set<number> {
  const ends: number[] = [];
  const before: number[] = [];
  values.forEach((value, index) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[ends[middle]!]! < value) low = middle + 1;
      else high = middle;
    }
    before[index] = low > 0 ? ends[low - 1]! : -1;
    ends[low] = index;
  });
  const kept = new Set<number>();
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at]!) kept.add(at);
  return kept;
}
