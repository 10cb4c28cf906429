import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { makeCheckout, runScript } from "./lib/testing.mjs";

/** Not gone and not merely waiting to be collected by its parent. */
function isRunning(pid) {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

const HEAD = 'import { describe, test } from "node:test";\n';

async function npmTest(files, { args = ["--only", "unit"], ci = "" } = {}) {
  const checkout = makeCheckout(files);
  try {
    // Without apt on PATH nothing is installed on the machine that runs this.
    const run = runScript(checkout.root, ["test.mjs", ...args], { env: { PATH: "/nowhere", CI: ci } });
    const { code } = await run.exit;
    let records = [];
    try {
      records = JSON.parse(readFileSync(join(checkout.root, "test-results/node.json"), "utf8"));
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
    return { code, records, closing: run.stdout.trimEnd().split("\n").at(-1), output: run.stdout + run.stderr };
  } finally {
    checkout.remove();
  }
}

test("records carry the whole title and the closing line counts tests, not suites", async () => {
  const { code, records, closing } = await npmTest({
    "packages/a/src/a.test.mjs": `${HEAD}describe("[1.1-x] group", () => { test("one", () => {}); test("two", { skip: "no sshd" }, () => {}); });\ntest("[T1] three", async (t) => { await t.test("inner", () => {}); });`,
    "packages/a/src/empty.test.mjs": "",
    "packages/a/src/long.full.test.mjs": `${HEAD}test("long", () => {});`,
    "packages/a/node_modules/b/b.test.mjs": "throw new Error('not ours');",
  });
  assert.equal(closing, "3 passed, 0 failed, 1 skipped");
  assert.equal(code, 0);
  assert.deepEqual(
    records.map(({ title, status, file }) => [title, status, file]),
    [
      ["[1.1-x] group › one", "passed", "packages/a/src/a.test.mjs"],
      ["[1.1-x] group › two", "skipped", "packages/a/src/a.test.mjs"],
      ["[T1] three › inner", "passed", "packages/a/src/a.test.mjs"],
      ["[T1] three", "passed", "packages/a/src/a.test.mjs"],
    ],
  );
});

test("--full runs the long ones as well", async () => {
  const { closing } = await npmTest(
    { "scripts/long.full.test.mjs": `${HEAD}test("long", () => {});` },
    { args: ["--full", "--only", "unit"] },
  );
  assert.equal(closing, "1 passed, 0 failed, 0 skipped");
});

test("a failed test and a file that does not load both count and are shown", async () => {
  const { code, closing, output } = await npmTest({
    "packages/a/src/a.test.mjs": `${HEAD}describe("group", () => { test("bad", () => { throw new Error("the reason"); }); });\ntest("good", () => {});`,
    "packages/a/src/broken.test.mjs": "import './missing.mjs';",
  });
  assert.equal(closing, "1 passed, 2 failed, 0 skipped");
  assert.equal(code, 1);
  assert.match(output, /✖ group › bad[\s\S]*the reason/);
});

test("a failure is tried again alone: what passes then is named, and stays failed in the report", async () => {
  const unsteady = `${HEAD}import { existsSync, writeFileSync } from "node:fs";\ntest("now and then", () => { if (existsSync("once")) return; writeFileSync("once", ""); throw new Error("busy"); });`;
  const { code, closing, output, records } = await npmTest({ "packages/a/src/a.test.mjs": unsteady });
  assert.equal(closing, "1 passed, 0 failed, 0 skipped");
  assert.equal(code, 0);
  assert.match(output, /unsteady: now and then .* failed, then passed/);
  assert.deepEqual(
    records.map(({ status }) => status),
    ["failed"],
  );
});

test("a run in which nothing ran is a failure", async () => {
  const { code, closing } = await npmTest({});
  assert.equal(code, 1);
  assert.match(closing, /^0 passed/);
});

test("a process that a test leaves behind is named and ended, also from another session", {
  skip: process.platform !== "linux",
}, async () => {
  const leave = `${HEAD}import { spawn } from "node:child_process";\ntest("leaves", () => { const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" }); child.unref(); console.log("pid=" + child.pid); throw new Error("show the output"); });`;
  const { output } = await npmTest({ "packages/a/src/a.test.mjs": leave });
  const pid = Number(/pid=(\d+)/.exec(output)?.[1]);
  assert.ok(pid > 0, output);
  assert.match(output, new RegExp(`left a process behind, ended now: .*\\(${pid}\\)`));
  while (isRunning(pid)) await pause(10);
});

test("a program that is missing skips what needs it, and fails the run with CI=true", async () => {
  const files = { "packages/a/src/a.test.mjs": `${HEAD}test("a", () => {});`, "e2e/playwright.config.ts": "" };
  const local = await npmTest(files, { args: [] });
  assert.equal(local.closing, "1 passed, 0 failed, 1 skipped");
  assert.match(local.output, /sudo apt-get install .*chromium/);
  const ci = await npmTest(files, { args: [], ci: "true" });
  assert.equal(ci.code, 1);
  assert.match(ci.output, /failed: chromium is missing/);
});

test("unknown arguments are a usage error", async () => {
  const { code, output } = await npmTest({}, { args: ["--fast"] });
  assert.equal(code, 2);
  assert.match(output, /Usage: npm test/);
});
