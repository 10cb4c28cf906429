import { createReadStream } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import { parentPort, workerData } from "node:worker_threads";
import { createMatcher } from "./matcher.ts";
import type { SearchJob, SearchReport } from "./search.ts";

/** Told at most this often, in milliseconds. */
const REPORT_MS = 100;
/** A longer line is searched piece by piece; the pieces overlap, so that what lies across a border is found. */
const PIECE = 1_048_576;
const OVERLAP = 65_536;

const { file, bytes, query, limit } = workerData as SearchJob;
const matches = createMatcher(query);
const decoder = new StringDecoder("utf8");
let report: SearchReport = { type: "progress", bytes: 0, lines: 0, matched: 0, hits: [] };
let listed = 0;
let reportedAt = Date.now();

let line = 0;
let rest = "";
/** Units of the line under way that were searched and dropped; null once it has matched. */
let before: number | null = 0;

for await (const chunk of createReadStream(file, { end: Math.max(0, bytes - 1), highWaterMark: 262_144 })) {
  const lines = (rest + decoder.write(chunk as Buffer)).split("\n");
  rest = lines.pop()!;
  for (const text of lines) endLine(text);
  if (rest.length > PIECE) {
    look(rest);
    if (before !== null) before += rest.length - OVERLAP;
    rest = rest.slice(-OVERLAP);
  }
  report.bytes += (chunk as Buffer).length;
  report.lines = line;
  if (Date.now() - reportedAt > REPORT_MS) tell("progress");
}
if (rest !== "" || before !== 0) endLine(rest);
report.lines = line;
tell("end");

function endLine(text: string): void {
  look(text.endsWith("\r") ? text.slice(0, -1) : text);
  line += 1;
  before = 0;
}

function look(text: string): void {
  if (before === null) return;
  const match = matches(text);
  if (!match) return;
  report.matched += 1;
  if (listed < limit) report.hits.push([line, before + match.column, match.length]);
  listed += 1;
  before = null;
}

function tell(type: SearchReport["type"]): void {
  report.type = type;
  parentPort?.postMessage(report);
  report = { ...report, hits: [] };
  reportedAt = Date.now();
}
