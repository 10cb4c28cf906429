/** Test records: `{ title, status, file }` from the reports in `test-results/`. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./project.mjs";

export const RESULTS = join(ROOT, "test-results");

/** Records of the last runs, both kinds; what has not run is not there. */
export function readRecords(folder = RESULTS) {
  return [
    ...readJson(join(folder, "node.json"), []),
    ...playwrightRecords(readJson(join(folder, "e2e.json"), { suites: [] })),
  ];
}

/** Flattens Playwright's JSON report. A test that passed at a later attempt counts as failed: flaky is not proven. */
export function playwrightRecords(report) {
  const records = [];
  const walk = (suite, path) => {
    for (const spec of suite.specs ?? []) {
      const title = [...path, spec.title].filter((part) => part !== "").join(" › ");
      for (const test of spec.tests ?? []) {
        const status = test.status === "expected" ? "passed" : test.status === "skipped" ? "skipped" : "failed";
        records.push({ title, status, file: spec.file ?? suite.file ?? "" });
      }
    }
    for (const child of suite.suites ?? []) walk(child, [...path, child.title]);
  };
  // An outermost suite is a file: its title is no part of a test's.
  for (const suite of report.suites ?? []) walk(suite, []);
  for (const error of report.errors ?? []) {
    records.push({
      title: `the browser tests did not start: ${String(error.message).split("\n")[0]}`,
      status: "failed",
      file: "e2e",
    });
  }
  return records;
}

export function countRecords(records) {
  const count = (status) => records.filter((record) => record.status === status).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("skipped") };
}

export function readJson(file, otherwise) {
  if (!existsSync(file)) return otherwise;
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return otherwise;
  }
}
