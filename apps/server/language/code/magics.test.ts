import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { blankMagics } from "./magics.ts";

const known = new Set(["done", "ready"]);
const blanked = (source: string) => blankMagics(source, (word) => known.has(word));

describe("shorthand of the kernel, blanked for the compiler", () => {
  const cases: [string, string][] = [
    ["%time\nconst a = 1", "     \nconst a = 1"],
    ["%time f(1)", "      f(1)"],
    ["%%bash\nls | wc -l\nlet x", "      \n          \n     "],
    ["\n%%time\nf()", "\n      \nf()"],
    ["!df -h ${path}\nf()", "              \nf()"],
    ["const files = !ls -l\nfiles.length", "const files = _     \nfiles.length"],
    ["const x = %who", "const x = _   "],
    ["rows?\nhttp.get??\n?sh", "     \n          \n   "],
    ["if (x) {\n  !ls\n  %cd /tmp\n}", "if (x) {\n     \n          \n}"],
    // TypeScript.
    ["const ok = !done", "const ok = !done"],
    ["!ready && f()", "!ready && f()"],
    ["!(a || b)", "!(a || b)"],
    ["const c = a ?\n  b : d", "const c = a ?\n  b : d"],
    ["const m = a +\n  !x", "const m = a +\n  !x"],
    ["`\n%time\n!ls\n`", "`\n%time\n!ls\n`"],
    ["/*\n%time\n*/", "/*\n%time\n*/"],
    ["const r = a % b", "const r = a % b"],
    ["a\n% b", "a\n% b"],
    ["const same = a !== b", "const same = a !== b"],
  ];
  for (const [source, expected] of cases)
    it(JSON.stringify(source), () => {
      assert.equal(blanked(source), expected);
      assert.equal(blanked(source).length, source.length);
    });
});
