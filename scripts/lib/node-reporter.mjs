/**
 * Reporter of `node --test` for this project: dots, failures in full, and a JSON file of records
 * `{ title, status, file, seconds }` at $OPSBOOK_TEST_RECORDS. A title is the path of names, outermost first.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { inspect, stripVTControlCharacters } from "node:util";

export default async function* report(events) {
  const records = [];
  const names = new Map();
  const printed = new Map();
  const failedFiles = new Set();
  let dots = 0;
  for await (const { type, data } of events) {
    if (type === "test:start") {
      const path = names.get(data.file) ?? [];
      path.length = data.nesting;
      path[data.nesting] = data.name;
      names.set(data.file, path);
    } else if (type === "test:stderr" || type === "test:stdout") {
      // These name files as they were given, results by their full path.
      const file = resolve(data.file ?? "");
      printed.set(file, `${printed.get(file) ?? ""}${data.message}`.slice(-4000));
    } else if (type === "test:pass" || type === "test:fail") {
      const record = recordOf(type, data, names.get(data.file) ?? []);
      if (record === undefined) continue;
      records.push(record);
      if (record.status === "failed") {
        dots = 0;
        failedFiles.add(data.file);
        yield failureText(record, data);
      } else {
        yield record.status === "passed" ? "." : "s";
        if (++dots % 100 === 0) yield "\n";
      }
    }
  }
  yield "\n";
  // What a file printed arrives apart from its results, often later.
  for (const file of failedFiles) {
    if (printed.has(file)) yield `The output of ${relative(process.cwd(), file)} ended with:\n${printed.get(file)}\n`;
  }
  const target = process.env.OPSBOOK_TEST_RECORDS;
  if (target === undefined) return;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, `${JSON.stringify(records, null, 1)}\n`);
}

/** A record of one test; `undefined` for suites, which count through their tests, and for files without any. */
export function recordOf(type, data, path) {
  const error = data.details?.error;
  // A parent whose children failed says nothing that they did not.
  if (error?.failureType === "subtestsFailed") return undefined;
  if (data.details?.type === "suite" && type === "test:pass") return undefined;
  const file = data.file === undefined ? "" : relative(process.cwd(), data.file);
  if (type === "test:pass" && (data.name === data.file || data.name === file)) return undefined;
  const skipped = data.skip !== undefined || data.todo !== undefined;
  return {
    title: [...path.slice(0, data.nesting), data.name].join(" › "),
    status: skipped ? "skipped" : type === "test:pass" ? "passed" : "failed",
    file,
    seconds: Math.round(data.details?.duration_ms ?? 0) / 1000,
    ...(typeof data.skip === "string" ? { reason: data.skip } : {}),
  };
}

function failureText(record, data) {
  const error = data.details?.error;
  const cause = error?.cause ?? error;
  const text = typeof cause === "string" ? cause : inspect(cause, { depth: 4 });
  return `\n✖ ${record.title}\n  ${record.file}:${data.line ?? 1}\n${stripVTControlCharacters(text)}\n\n`;
}
