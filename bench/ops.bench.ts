/** The helpers beside what people use without them: starting a program, and a 2 GB file by line. `OPSBOOK_BENCH_GB` sets another size. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { COUNT, Load, MEGABYTES, MILLISECONDS, progress, table } from "./lib/figures.ts";
import { NODE, ROOT } from "./lib/peers.ts";

const STARTS = 300;
const RUNS = 3;
const GIGABYTES = Number(process.env.OPSBOOK_BENCH_GB ?? 2);
const STARTERS = ["opsbook", "child_process", "execa"] as const;
const READERS = ["opsbook", "readline", "python"] as const;
const LIBRARY = pathToFileURL(join(ROOT, "packages/ops/src/index.ts")).href;
const PYTHON = `
import json, resource, sys, time
begun = time.perf_counter(); count = characters = 0
with open(sys.argv[1], encoding='utf-8', newline='\\n') as file:
    for line in file:
        count += 1; characters += len(line) - 1
spent = (time.perf_counter() - begun) * 1000
print(json.dumps({'count': count, 'characters': characters, 'milliseconds': spent, 'memory': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))`;

interface Read {
  readonly count: number;
  readonly characters: number;
  readonly milliseconds: number;
  readonly memory: number;
}

const run = promisify(execFile);
const load = new Load();
const folder = await mkdtemp(join(tmpdir(), "opsbook-bench-ops-"));
const starts = new Map<string, number[]>(STARTERS.map((who) => [who, []]));
const reads = new Map<string, Read[]>(READERS.map((who) => [who, []]));
try {
  for (let turn = 0; turn < RUNS; turn += 1) {
    for (const who of STARTERS) {
      progress(`starts, ${who}, ${turn + 1} of ${RUNS}`);
      const { stdout } = await run(NODE, [join(import.meta.dirname, "ops/starts.ts"), who, LIBRARY, String(STARTS)]);
      starts.get(who)?.push(...(JSON.parse(stdout) as number[]));
    }
  }
  const file = join(folder, "large.log");
  progress(`writing ${GIGABYTES} GB`);
  await writeLog(file, GIGABYTES * 1e9);
  for (let turn = 0; turn < RUNS; turn += 1) {
    for (const who of READERS) {
      progress(`lines, ${who}, ${turn + 1} of ${RUNS}`);
      const [program, args] =
        who === "python"
          ? ["python3", ["-c", PYTHON, file]]
          : [NODE, [join(import.meta.dirname, "ops/lines.ts"), who, LIBRARY, file]];
      const { stdout } = await run(program as string, args as string[]);
      reads.get(who)?.push(JSON.parse(stdout) as Read);
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
const counts = new Set([...reads.values()].flat().map(({ count, characters }) => `${count} ${characters}`));
if (counts.size !== 1) throw new Error(`the readers do not agree: ${[...counts].join(", ")}`);

const of = <T>(from: ReadonlyMap<string, readonly T[]>, who: readonly string[], pick: (sample: T) => number) =>
  who.map((name) => (from.get(name) ?? []).map(pick));
process.stdout.write(`Starting \`true\`, ${STARTS} times one after the other, ${RUNS} rounds.

${table(
  ["Opsbook", "child_process", "execa"],
  [
    { what: "p50", unit: MILLISECONDS, share: 0.5, of: of(starts, STARTERS, Number) },
    { what: "p95", unit: MILLISECONDS, share: 0.95, of: of(starts, STARTERS, Number) },
  ],
)}

${GIGABYTES} GB of log by line, each line as a text, ${RUNS} rounds.

${table(
  ["Opsbook", "Node's readline", "Python"],
  [
    { what: "time", unit: MILLISECONDS, of: of(reads, READERS, ({ milliseconds }) => milliseconds) },
    { what: "peak memory", unit: MEGABYTES, of: of(reads, READERS, ({ memory }) => memory / 1e6) },
    { what: "lines", unit: COUNT, of: [of(reads, READERS, ({ count }) => count)[0]] },
  ],
)}

${load}
`);

async function writeLog(path: string, size: number): Promise<void> {
  const stream = createWriteStream(path);
  let written = 0;
  for (let line = 0; written < size; ) {
    let block = "";
    while (block.length < 1_000_000) {
      line += 1;
      block += `2026-11-22T04:${String(line % 60).padStart(2, "0")}:00Z web${line % 7} app[${line}]: request took ${line % 997} ms for /orders/${line}\n`;
    }
    written += block.length;
    if (!stream.write(block)) await once(stream, "drain");
  }
  stream.end();
  await finished(stream);
}
