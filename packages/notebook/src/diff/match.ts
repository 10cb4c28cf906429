import type { CellType } from "../model.ts";
import { commonRuns, longestIncreasing } from "./sequence.ts";

/** What cells are matched by; those of a file and those of a live session have it alike. */
export interface Matchable {
  id: string;
  cell_type: CellType;
  source: string;
}

/** Places on both sides; null where a side has no such cell. */
export interface CellPair {
  before: number | null;
  after: number | null;
  /** Matched, and not in its order among the other matched ones. As few as possible are. */
  moved: boolean;
}

/** Share of equal lines from which two unmatched cells between the same neighbours are one that was rewritten. */
const SIMILAR = 0.5;
/** Beyond this many cells in one gap nothing is guessed. */
const GUESSED = 50;

/**
 * Which cells are the same: by id, then by type and text, then by similar text in the same place. In the order of
 * `after`; what was removed stands where it was.
 */
export function matchCells(before: readonly Matchable[], after: readonly Matchable[]): CellPair[] {
  const partner = new Map<number, number>();
  const taken = new Set<number>();
  const pair = (a: number, b: number) => {
    partner.set(b, a);
    taken.add(a);
  };
  const ids = new Map(before.map(({ id }, index) => [id, index]));
  after.forEach(({ id }, index) => {
    const found = ids.get(id);
    if (found !== undefined) pair(found, index);
  });
  pairByText(before, after, { partner, taken, pair });
  pairBySimilarity(before, after, { partner, taken, pair });
  return inOrder(before.length, after.length, partner);
}

interface Matching {
  /** Place after → place before. */
  partner: Map<number, number>;
  /** Places before that have a partner. */
  taken: Set<number>;
  pair(a: number, b: number): void;
}

const textKey = ({ cell_type, source }: Matchable) => `${cell_type}\n${source}`;

function pairByText(before: readonly Matchable[], after: readonly Matchable[], matching: Matching): void {
  const free = () => ({
    left: [...before.keys()].filter((index) => !matching.taken.has(index)),
    right: [...after.keys()].filter((index) => !matching.partner.has(index)),
  });
  // First those that stand in the same order, then whatever is left of the same text.
  const { left, right } = free();
  const runs = commonRuns(
    left.map((index) => textKey(before[index]!)),
    right.map((index) => textKey(after[index]!)),
  );
  for (const { a, b, length } of runs)
    for (let at = 0; at < length; at += 1) matching.pair(left[a + at]!, right[b + at]!);
  const rest = free();
  const byText = Map.groupBy(rest.left, (index) => textKey(before[index]!));
  for (const index of rest.right) {
    const found = byText.get(textKey(after[index]!))?.shift();
    if (found !== undefined) matching.pair(found, index);
  }
}

/** Between two neighbours that are matched on both sides: the most similar ones, in their order. */
function pairBySimilarity(before: readonly Matchable[], after: readonly Matchable[], matching: Matching): void {
  let left = 0;
  let right = 0;
  for (const { a, b } of [...fixedPairs(matching.partner), { a: before.length, b: after.length }]) {
    const removed = range(left, a).filter((index) => !matching.taken.has(index));
    const added = range(right, b).filter((index) => !matching.partner.has(index));
    if (removed.length <= GUESSED && added.length <= GUESSED) {
      let from = 0;
      for (const index of added) {
        const found = removed.findIndex((other, at) => at >= from && isSimilar(before[other]!, after[index]!));
        if (found < 0) continue;
        matching.pair(removed[found]!, index);
        from = found + 1;
      }
    }
    left = a + 1;
    right = b + 1;
  }
}

/** Matched cells that are in order on both sides. */
function fixedPairs(partner: Map<number, number>): { a: number; b: number }[] {
  const pairs = [...partner].map(([b, a]) => ({ a, b })).sort((one, other) => one.b - other.b);
  const fixed = longestIncreasing(pairs.map(({ a }) => a));
  return pairs.filter((_, index) => fixed.has(index));
}

const range = (from: number, to: number) => Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);

function isSimilar(a: Matchable, b: Matchable): boolean {
  if (a.cell_type !== b.cell_type) return false;
  const left = a.source.split("\n");
  const right = b.source.split("\n");
  const same = commonRuns(left, right).reduce((sum, { length }) => sum + length, 0);
  if ((2 * same) / (left.length + right.length) >= SIMILAR) return true;
  // A line or two that were edited have no line in common; their words tell.
  return left.length <= 3 && right.length <= 3 && shareOfWords(a.source, b.source) >= SIMILAR;
}

function shareOfWords(a: string, b: string): number {
  const left: string[] = a.match(/\S+/g) ?? [];
  const right: string[] = b.match(/\S+/g) ?? [];
  const same = commonRuns(left, right).reduce((sum, { length }) => sum + length, 0);
  return (2 * same) / Math.max(1, left.length + right.length);
}

function inOrder(beforeCount: number, afterCount: number, partner: Map<number, number>): CellPair[] {
  const kept = new Set(partner.values());
  const pairs: CellPair[] = [];
  let left = 0;
  let right = 0;
  for (const { a, b } of [...fixedPairs(partner), { a: beforeCount, b: afterCount }]) {
    for (; left < a; left += 1) if (!kept.has(left)) pairs.push({ before: left, after: null, moved: false });
    for (; right < b; right += 1) {
      const from = partner.get(right) ?? null;
      pairs.push({ before: from, after: right, moved: from !== null });
    }
    if (b < afterCount) pairs.push({ before: a, after: b, moved: false });
    left = a + 1;
    right = b + 1;
  }
  return pairs;
}
