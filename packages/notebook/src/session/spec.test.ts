import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const here = import.meta.dirname;

test("every rule of SPEC.md has a test, and every rule a title names is there", () => {
  const spec = readFileSync(join(here, "../../SPEC.md"), "utf8");
  const rules = [...spec.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].map(([, id]) => id);
  const titles = globSync("**/*.test.ts", { cwd: here }).flatMap((file) =>
    [...readFileSync(join(here, file), "utf8").matchAll(/\btest\("([^"]*)"/g)].map(([, title]) => title ?? ""),
  );
  const named = titles.flatMap((title) => [...title.matchAll(/\[([AROXWKCV]\d+)\]/g)].map(([, id]) => id));
  assert.deepEqual([...new Set(named)].sort(), rules.toSorted());
  assert.equal(new Set(rules).size, rules.length);
});
