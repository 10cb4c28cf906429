import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseWindow } from "./log-lines.ts";
import { hitIn, type LogHit } from "./log-search.ts";

const parse = (style: string, ...texts: string[]) =>
  parseWindow({ style, lines: texts.map((text) => ({ text, bytes: text.length })) });
const textOf = ({ line }: { line: { runs: readonly { text: string }[] } }) =>
  line.runs.map(({ text }) => text).join("");

describe("a window of a log", () => {
  it("goes on in the colours before it, over the ends of lines", () => {
    const [first, second, third] = parse("\x1b[31m", "red", "still \x1b[0mplain", "plain");
    assert.equal(first?.line.runs[0]?.style?.className, "ansi-fg-1");
    assert.deepEqual(
      second?.line.runs.map(({ text, style }) => [text, style?.className]),
      [
        ["still ", "ansi-fg-1"],
        ["plain", undefined],
      ],
    );
    assert.equal(third?.line.runs[0]?.style, null);
  });

  it("has a row for each line, whatever sequences are cut in it", () => {
    const rows = parse("", "one", "", "two\x1b]8;;https://example.org", "three", "\x1bP", "\rfour\rfive", "six");
    assert.equal(rows.length, 7);
    assert.deepEqual(
      [0, 1, 3, 5, 6].map((index) => textOf(rows[index]!)),
      ["one", "", "three", "five", "six"],
    );
  });
});

describe("hits", () => {
  it("are found by their line", () => {
    const hits: LogHit[] = [
      [2, 0, 1],
      [5, 1, 2],
      [900_000, 3, 3],
    ];
    assert.deepEqual(
      [0, 2, 4, 5, 900_000, 900_001].map((line) => hitIn(hits, line)?.[0]),
      [undefined, 2, undefined, 5, 900_000, undefined],
    );
  });
});
