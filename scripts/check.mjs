/** `npm run check`: format, lint with import zones, types, dead code, fast tests. Every step runs, each says how it went. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ensureInstalled } from "./lib/install.mjs";
import { capture } from "./lib/processes.mjs";
import { pinnedNode, ROOT, runMain, say } from "./lib/project.mjs";
import { testFiles } from "./lib/test-files.mjs";

/** Steps at a time; each uses about one core. */
const AT_ONCE = 2;
/** Folders whose tests end in seconds, those apart that start real components. */
const FAST = ["packages/notebook", "scripts"];
const STARTS_COMPONENTS = /from "[./]+\/scripts\/components\//;

await runMain(async () => {
  await ensureInstalled();
  const queue = steps();
  let failed = 0;
  const work = async () => {
    for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
      const started = Date.now();
      const { code, output } = await capture(pinnedNode(), step.args, { cwd: ROOT });
      say(`${code === 0 ? "✓" : "✖"} ${step.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
      if (code === 0) continue;
      failed += 1;
      say(output.trimEnd());
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  say(failed === 0 ? "check: all good" : `check: ${failed} of ${steps().length} steps failed`);
  return failed === 0 ? 0 : 1;
});

function fastTests() {
  return testFiles(ROOT, { folders: FAST }).filter(
    (file) => !STARTS_COMPONENTS.test(readFileSync(join(ROOT, file), "utf8")),
  );
}

function steps() {
  const bin = (path) => join(ROOT, "node_modules", path);
  return [
    {
      name: "fast tests",
      args: ["--test", "--test-concurrency=1", "--test-reporter=dot", ...fastTests()],
    },
    {
      name: "format and lint",
      args: [bin("@biomejs/biome/bin/biome"), "ci", "--max-diagnostics=50", "--colors=off", "."],
    },
    { name: "dead code", args: [bin("knip/bin/knip.js"), "--no-progress"] },
    ...projects().map((project) => ({
      name: `types of ${project}`,
      args: [bin("typescript/bin/tsc"), "-p", project],
    })),
  ];
}

/** Every tsconfig of a workspace, and of the scripts. */
function projects() {
  const folders = [
    ...["packages", "apps"].flatMap((group) => readdirSync(join(ROOT, group)).map((name) => `${group}/${name}`)),
    "e2e",
    "bench",
    "scripts",
  ];
  return folders.flatMap((folder) =>
    ["tsconfig.json", "tsconfig.test.json"]
      .map((name) => `${folder}/${name}`)
      .filter((file) => existsSync(join(ROOT, file))),
  );
}
