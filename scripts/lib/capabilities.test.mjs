import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mergeSections } from "./bench-results.mjs";
import { capabilityRows, idsOf, parseCapabilities, unknownIds } from "./capabilities.mjs";
import { ROOT } from "./project.mjs";
import { countRecords, playwrightRecords } from "./records.mjs";

const capabilities = parseCapabilities(readFileSync(join(ROOT, "docs/capabilities.md"), "utf8"));

test("docs/capabilities.md has its 260 rows, 86 guard-rails, each id once", () => {
  assert.equal(capabilities.length, 260);
  assert.equal(capabilities.filter(({ guard }) => guard).length, 86);
  assert.equal(new Set(capabilities.map(({ id }) => id)).size, 260);
  const chapters = Array.from(
    { length: 15 },
    (_, at) => capabilities.filter(({ chapter }) => chapter === at + 1).length,
  );
  assert.deepEqual(chapters, [7, 22, 30, 19, 14, 15, 17, 19, 21, 17, 15, 13, 20, 20, 11]);
});

test("ids count at the start of any name on the path, in one or several brackets", () => {
  assert.deepEqual(idsOf("[3.1-eval] x"), ["3.1-eval"]);
  assert.deepEqual(idsOf("suite › [3.1-eval][T3] x"), ["3.1-eval"]);
  assert.deepEqual(idsOf("[3.1-eval, 9.5-exec] a › [P1] b"), ["3.1-eval", "9.5-exec"]);
  assert.deepEqual(idsOf("text about [3.1-eval]"), []);
  assert.deepEqual(idsOf("[part of 3.1-eval] [P1] x"), []);
  assert.deepEqual(idsOf("[part of 3.1-eval] [9.5-exec] x"), ["9.5-exec"]);
});

test("a row passes only when all its tests passed", () => {
  const row = (id) => ({ id, chapter: 1, guard: false, text: "" });
  const records = [
    { title: "[1.1-a] x", status: "passed" },
    { title: "[1.1-b] x", status: "passed" },
    { title: "[1.1-b] y", status: "skipped" },
    { title: "[1.1-c] x › [1.1-a] y", status: "failed" },
    { title: "[1.1-typo] x", status: "passed" },
  ];
  const rows = capabilityRows([row("1.1-a"), row("1.1-b"), row("1.1-c"), row("1.1-d")], records);
  assert.deepEqual(
    rows.map(({ status }) => status),
    ["failed", "skipped", "failed", "none"],
  );
  assert.deepEqual(unknownIds([row("1.1-a"), row("1.1-b"), row("1.1-c")], records), ["1.1-typo"]);
});

test("Playwright's report: paths without the file, flaky is failed, a broken start is failed", () => {
  const spec = (title, status) => ({ title, file: "a.spec.ts", tests: [{ status }] });
  const report = {
    suites: [
      {
        title: "a.spec.ts",
        specs: [spec("top", "expected")],
        suites: [{ title: "[3.1-eval] group", specs: [spec("x", "flaky"), spec("y", "skipped")] }],
      },
    ],
    errors: [{ message: "no config\nmore" }],
  };
  const records = playwrightRecords(report);
  assert.deepEqual(
    records.map(({ title, status }) => [title, status]),
    [
      ["top", "passed"],
      ["[3.1-eval] group › x", "failed"],
      ["[3.1-eval] group › y", "skipped"],
      ["the browser tests did not start: no config", "failed"],
    ],
  );
  assert.deepEqual(countRecords(records), { passed: 1, failed: 2, skipped: 1 });
});

test("benchmark sections replace their own last run only", () => {
  const first = mergeSections(mergeSections("", { name: "b", section: "one\n\n## inner" }), {
    name: "a",
    section: "two",
  });
  assert.match(first, /^# Benchmark results\n[\s\S]*\n## a\n\ntwo\n\n## b\n\none\n\n### inner\n$/);
  assert.equal(mergeSections(first, { name: "a", section: "two" }), first);
  assert.match(mergeSections(first, { name: "a", section: "new" }), /## a\n\nnew\n\n## b\n\none/);
});
