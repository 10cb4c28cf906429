import { commonRuns } from "./sequence.ts";

/** A stretch of two texts: the same lines on both sides, or lines that took the place of others (either may be none). */
export type LineRun =
  | { kind: "same"; lines: string[]; before: number; after: number }
  | { kind: "changed"; removed: string[]; added: string[]; before: number; after: number };

/** Offsets in characters within one line, end excluded. */
export interface Mark {
  from: number;
  to: number;
}

const linesOf = (text: string): string[] => (text === "" ? [] : text.split("\n"));

/** Two texts line by line. `before` and `after` of a run: its first line on either side, counted from 0. */
export function diffLines(before: string, after: string): LineRun[] {
  const left = linesOf(before);
  const right = linesOf(after);
  const runs: LineRun[] = [];
  let a = 0;
  let b = 0;
  const changedUpTo = (toA: number, toB: number) => {
    if (a < toA || b < toB)
      runs.push({ kind: "changed", removed: left.slice(a, toA), added: right.slice(b, toB), before: a, after: b });
  };
  for (const run of commonRuns(left, right)) {
    changedUpTo(run.a, run.b);
    runs.push({ kind: "same", lines: left.slice(run.a, run.a + run.length), before: run.a, after: run.b });
    a = run.a + run.length;
    b = run.b + run.length;
  }
  changedUpTo(left.length, right.length);
  return runs;
}

const WORD = /[\p{L}\p{N}_$]+|\s+|./gu;
/** Longer lines are marked as a whole. */
const MARKED_LENGTH = 5000;

/** What differs between two lines, word by word. Empty lists where they are equal. */
export function markWords(before: string, after: string): { before: Mark[]; after: Mark[] } {
  if (before === after) return { before: [], after: [] };
  if (before.length > MARKED_LENGTH || after.length > MARKED_LENGTH)
    return { before: whole(before), after: whole(after) };
  const left = before.match(WORD) ?? [];
  const right = after.match(WORD) ?? [];
  const runs = commonRuns(left, right);
  return {
    before: gaps(
      left,
      runs.map(({ a, length }) => ({ from: a, length })),
    ),
    after: gaps(
      right,
      runs.map(({ b, length }) => ({ from: b, length })),
    ),
  };
}

const whole = (line: string): Mark[] => (line === "" ? [] : [{ from: 0, to: line.length }]);

function gaps(words: readonly string[], same: readonly { from: number; length: number }[]): Mark[] {
  const marks: Mark[] = [];
  let word = 0;
  let at = 0;
  const advance = (to: number) => {
    for (; word < to; word += 1) at += words[word]!.length;
  };
  for (const { from, length } of [...same, { from: words.length, length: 0 }]) {
    const start = at;
    advance(from);
    if (at > start) marks.push({ from: start, to: at });
    advance(from + length);
  }
  return marks;
}
