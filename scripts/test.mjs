/**
 * `npm test [-- --full] [-- --only unit|e2e]`: installs, fetches the programs that tests need, runs
 * node:test and then Playwright, ends with one line `N passed, N failed, N skipped`. A few failures are tried again,
 * alone: what passes then is named as unsteady, and proves no capability (the first reports stay).
 * Exit status 1 when anything failed, nothing ran, or (with CI=true) a program is missing.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { COMPONENTS, provideComponents } from "./lib/components.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { exitStatus, processesWith, watchNpm } from "./lib/processes.mjs";
import { pinnedNode, ROOT, runMain, Stop, say } from "./lib/project.mjs";
import { countRecords, playwrightRecords, RESULTS, readJson } from "./lib/records.mjs";
import { testFiles } from "./lib/test-files.mjs";
import { ensureWebBuilt } from "./lib/web.mjs";

/** Minutes after which a run is given up: twice what the slowest machine should need. */
const LIMIT = { usual: 45, full: 180 };
/** More failures than this are no accident of a busy machine. */
const SECOND_ATTEMPTS = 5;
const RUN = `OPSBOOK_TEST_RUN=${randomUUID()}`;

await runMain(async (args) => {
  const { full, only } = options(args);
  await ensureInstalled();
  const missing = await provideComponents(COMPONENTS.filter(({ name }) => only !== "unit" || name !== "chromium"));
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  const clock = AbortSignal.timeout((full ? LIMIT.full : LIMIT.usual) * 60_000);
  const records = [];
  if (process.env.CI === "true") {
    records.push(
      ...missing.map(({ name }) => ({
        title: `${name} is missing`,
        status: "failed",
        file: "scripts/lib/components.mjs",
      })),
    );
  }
  if (only !== "e2e") records.push(...(await runUnit({ full, clock })));
  if (only !== "unit") records.push(...(await runBrowser({ full, clock, missing })));
  const { passed, failed, skipped } = countRecords(records);
  for (const { title, file } of records.filter(({ status }) => status === "failed")) say(`failed: ${title} (${file})`);
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  return failed > 0 || passed === 0 ? 1 : 0;
});

function options(args) {
  const only = args.includes("--only") ? args[args.indexOf("--only") + 1] : undefined;
  const known = args.every((arg, at) => arg === "--full" || arg === "--only" || args[at - 1] === "--only");
  if (!known || (args.includes("--only") && only !== "unit" && only !== "e2e")) {
    throw new Stop("Usage: npm test [-- --full] [-- --only unit|e2e]", { exitCode: 2 });
  }
  return { full: args.includes("--full"), only };
}

async function runUnit({ full, clock }) {
  const files = testFiles(ROOT, { full });
  say(`Running ${files.length} test files …`);
  const reporter = ["--test-reporter=./scripts/lib/node-reporter.mjs", "--test-reporter-destination=stdout"];
  const limits = [`--test-timeout=${(full ? 60 : 5) * 60_000}`];
  const run = async (name, concurrency, chosen) => {
    const report = join(RESULTS, name);
    const status = await runGroup(["--test", `--test-concurrency=${concurrency}`, ...limits, ...reporter, ...chosen], {
      clock,
      env: { OPSBOOK_TEST_RECORDS: report, ...(full ? { OPSBOOK_FULL: "1" } : {}) },
    });
    const records = readJson(report, []);
    return [...records, ...unexplained(records, { status, what: "the test runner", file: "scripts/test.mjs" })];
  };
  const records = await run("node.json", 2, files);
  return again(records, (failed) => run("node-again.json", 1, [...new Set(failed.map(({ file }) => file))]));
}

async function runBrowser({ full, clock, missing }) {
  const config = join(ROOT, "e2e/playwright.config.ts");
  if (!existsSync(config)) {
    say("No browser tests: e2e/playwright.config.ts is not there.");
    return [];
  }
  if (missing.some(({ name }) => name === "chromium")) {
    return [{ title: "browser tests: Chromium is not installed", status: "skipped", file: "e2e" }];
  }
  await ensureWebBuilt();
  say("Running the browser tests …");
  const cli = join(ROOT, "node_modules/@playwright/test/cli.js");
  const run = async (name, more) => {
    const report = join(RESULTS, name);
    const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report, ...(full ? { OPSBOOK_FULL: "1" } : {}) };
    const status = await runGroup([cli, "test", "--config", config, "--reporter=dot,json", ...more], { clock, env });
    const records = playwrightRecords(readJson(report, { suites: [] }));
    return [...records, ...unexplained(records, { status, what: "Playwright", file: "e2e" })];
  };
  const records = await run("e2e.json", []);
  return again(records, () => run("e2e-again.json", ["--last-failed"]));
}

/** `records` with a few failed ones replaced by what `run` says of them the second time. */
async function again(records, run) {
  const failed = records.filter(({ status }) => status === "failed");
  if (failed.length === 0 || failed.length > SECOND_ATTEMPTS) return records;
  say(`Trying ${failed.length} failed ${failed.length === 1 ? "test" : "tests"} again, alone …`);
  const second = await run(failed);
  const key = ({ file, title }) => `${file}\n${title}`;
  const passed = new Set(second.filter(({ status }) => status === "passed").map(key));
  return records.map((record) => {
    if (record.status !== "failed" || !passed.has(key(record))) return record;
    say(`unsteady: ${record.title} (${record.file}) failed, then passed`);
    return { ...record, status: "passed" };
  });
}

/** A runner that fails without a failed test has itself failed. */
function unexplained(records, { status, what, file }) {
  if (status === 0 || records.some((record) => record.status === "failed")) return [];
  return [{ title: `${what} ended with status ${status} and no failed test`, status: "failed", file }];
}

/** Runs the pinned Node in a process group of its own and ends whatever that leaves behind. */
async function runGroup(args, { clock, env }) {
  const [variable, id] = RUN.split("=");
  const child = spawn(pinnedNode(), args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
    // `node` means the project's own in tests, also where npm did not start this script.
    env: { ...process.env, ...env, [variable]: id, PATH: `${dirname(pinnedNode())}${delimiter}${process.env.PATH}` },
  });
  const end = () => killGroup(child.pid);
  const interrupted = (signal) => {
    end();
    endStragglers();
    process.exit(exitStatus(null, signal));
  };
  const late = () => {
    say("The time limit of the whole run is over: ending it.");
    end();
  };
  clock.addEventListener("abort", late);
  const endWatch = watchNpm(() => interrupted("SIGTERM"));
  process.on("SIGINT", interrupted).on("SIGTERM", interrupted).on("SIGHUP", interrupted);
  const status = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(exitStatus(code, signal)));
  });
  endWatch();
  clock.removeEventListener("abort", late);
  process.off("SIGINT", interrupted).off("SIGTERM", interrupted).off("SIGHUP", interrupted);
  end();
  endStragglers();
  return clock.aborted && status === 0 ? 1 : status;
}

function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group has ended.
  }
}

function endStragglers() {
  for (const { pid, command } of processesWith(RUN)) {
    say(`A test left a process behind, ended now: ${command.slice(0, 160)} (${pid})`);
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
}
