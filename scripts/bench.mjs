/**
 * `npm run bench [-- name … [--option value …]]`: runs bench/<name>.bench.ts (without a name all but `start`, which installs anew) and writes bench/RESULTS.md.
 * Options go to the benchmarks. A benchmark prints Markdown on stdout; each keeps one section of the file, replaced when it runs again.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { mergeSections } from "./lib/bench-results.mjs";
import { ensureInstalled } from "./lib/install.mjs";
import { capture } from "./lib/processes.mjs";
import { pinnedNode, ROOT, runMain, Stop, say } from "./lib/project.mjs";

const SUFFIX = ".bench.ts";
const ON_DEMAND = "start";
const RESULTS = join(ROOT, "bench/RESULTS.md");

await runMain(async (args) => {
  const firstOption = args.findIndex((arg) => arg.startsWith("--"));
  const names = firstOption < 0 ? args : args.slice(0, firstOption);
  const options = args.slice(names.length);
  await ensureInstalled();
  const known = readdirSync(join(ROOT, "bench"))
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length));
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Stop(`There is no benchmark "${unknown}": there are ${known.join(", ") || "none yet"}.`, { exitCode: 2 });
  const version = (await capture(pinnedNode(), ["--version"])).output.trim();
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${release()}, Node ${version}`;
  let failed = 0;
  for (const name of names.length > 0 ? names : known.filter((other) => other !== ON_DEMAND)) {
    say(`Running ${name} …`);
    const { code, output } = await capture(pinnedNode(), [join("bench", name + SUFFIX), ...options], { cwd: ROOT });
    if (code !== 0) {
      failed += 1;
      say(`  failed with status ${code}:\n${output.trimEnd()}`);
      continue;
    }
    const section = `${new Date().toISOString().slice(0, 10)}, ${machine}\n\n${output.trim()}`;
    writeFileSync(RESULTS, mergeSections(existsSync(RESULTS) ? readFileSync(RESULTS, "utf8") : "", { name, section }));
    process.stdout.write(`${output.trim()}\n`);
  }
  return failed > 0 ? 1 : 0;
});
