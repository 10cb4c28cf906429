import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mergeText } from "./merge-text.ts";

describe("mergeText", () => {
  const cases: [name: string, base: string, mine: string, theirs: string, merged: string][] = [
    ["takes theirs where nothing was typed", "a", "a", "b", "b"],
    ["takes mine where nothing else changed", "a", "b", "a", "b"],
    ["joins changes that do not touch, mine first", "one two three", "ONE two three", "one two THREE", "ONE two THREE"],
    [
      "joins changes that do not touch, mine last",
      "one two three",
      "one two THREE",
      "ONE! two three",
      "ONE! two THREE",
    ],
    ["keeps both insertions at one place", "ab", "aMINEb", "aTHEIRSb", "aTHEIRSMINEb"],
    ["does not double what the server had taken already", "x", "xabc", "xab", "xabc"],
    ["nor what it has all of", "x", "xab", "xabc", "xabc"],
    ["keeps the same change once", "x", "xy", "xy", "xy"],
    ["keeps typing inside of what another deleted", "hello world", "hello brave world", "", "brave "],
  ];
  for (const [name, base, mine, theirs, merged] of cases)
    it(name, () => assert.equal(mergeText(base, mine, theirs), merged));
});
