/** `npm run capabilities [-- --json]`: how far the rows of docs/capabilities.md are proven by the last test runs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { capabilityRows, parseCapabilities, unknownIds } from "./lib/capabilities.mjs";
import { ROOT, runMain, say } from "./lib/project.mjs";
import { readRecords } from "./lib/records.mjs";

const STATUSES = ["passed", "failed", "skipped", "none"];

await runMain((args) => {
  const capabilities = parseCapabilities(readFileSync(join(ROOT, "docs/capabilities.md"), "utf8"));
  const records = readRecords();
  const rows = capabilityRows(capabilities, records);
  for (const id of unknownIds(capabilities, records))
    say(`A test names ${id}, which docs/capabilities.md does not have.`);
  if (args.includes("--json")) {
    process.stdout.write(`${JSON.stringify({ rows: rows.map(({ id, status }) => ({ id, status })) })}\n`);
    return;
  }
  if (records.length === 0) say("No test reports yet: run `npm test` first.");
  const lines = [];
  for (const chapter of new Set(rows.map((row) => row.chapter))) {
    const own = rows.filter((row) => row.chapter === chapter);
    lines.push(`Chapter ${chapter}: ${totals(own)}`);
    for (const { status, id, guard, text } of own)
      lines.push(`  ${status.padEnd(8)}${id}${guard ? " ⚠" : ""}  ${text}`);
  }
  process.stdout.write(`${lines.join("\n")}\n\nAll: ${totals(rows)}\n`);
});

function totals(rows) {
  const counts = STATUSES.map((status) => `${rows.filter((row) => row.status === status).length} ${status}`);
  return `${rows.length} rows, ${counts.join(", ")}`;
}
