import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix } from "node:path";
import { test } from "node:test";
import { ROOT } from "./lib/project.mjs";
import { overrides, PACKAGES, refusal, ZONES, zoneOf } from "./lib/zones.mjs";

const SOURCE = /\.(?:ts|tsx|mts|mjs|js)$/;
/** Configuration at the root belongs to no zone and imports nothing of ours. */
const ROOT_FILES = /^[^/]+\.config\.ts$/;
const IMPORT = /(?:\bfrom|\bimport|\bimport\()\s*["'](\.{1,2}\/[^"']+)["']/g;

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => SOURCE.test(file) && !ROOT_FILES.test(file));

test("every source file is in exactly one zone", () => {
  for (const file of files) {
    const zones = ZONES.filter(({ folder }) => file.startsWith(`${folder}/`));
    assert.equal(zones.length, 1, `${file} is in ${zones.length} zones`);
  }
});

test("no relative import leaves its zone", () => {
  const refused = files.flatMap((file) => {
    let text = "";
    try {
      text = readFileSync(join(ROOT, file), "utf8");
    } catch {
      // Deleted since git listed it.
    }
    return [...text.matchAll(IMPORT)].flatMap(
      ([, target]) => refusal(file, posix.join(posix.dirname(file), target)) ?? [],
    );
  });
  assert.deepEqual(refused, []);
});

test("a relative import out of the zone is told from one inside", () => {
  assert.equal(refusal("packages/ops/src/sh/a.ts", "packages/ops/src/core/b.ts"), undefined);
  assert.match(refusal("packages/ops/src/sh/a.ts", "packages/kernel/src/b.ts"), /reaches out of packages\/ops/);
  assert.match(refusal("tools/a.ts", "tools/b.ts"), /in no zone/);
  assert.equal(refusal("packages/ops/src/a.test.ts", "scripts/components/python.ts"), undefined);
  assert.match(refusal("packages/ops/src/a.ts", "scripts/components/python.ts"), /reaches out/);
});

test("the linter's overrides are those of the table", () => {
  assert.deepEqual(
    JSON.parse(readFileSync(join(ROOT, "biome.json"), "utf8")).overrides,
    overrides(),
    "run: node scripts/zones.mjs",
  );
});

test("the linter refuses every forbidden import between packages and no allowed one", () => {
  const folder = mkdtempSync(join(tmpdir(), "opsbook-zones-"));
  try {
    const config = JSON.parse(readFileSync(join(ROOT, "biome.json"), "utf8"));
    writeFileSync(join(folder, "biome.json"), JSON.stringify({ ...config, vcs: { enabled: false } }));
    const forbidden = [];
    for (const zone of ZONES) {
      for (const target of PACKAGES) {
        for (const specifier of [`@opsbook/${target}`, `@opsbook/${target}/part`]) {
          const file = `${zone.folder}/src/${specifier.replace(/\W+/g, "-")}.ts`;
          mkdirSync(dirname(join(folder, file)), { recursive: true });
          writeFileSync(join(folder, file), `import { a } from "${specifier}";\n\nexport const b = a;\n`);
          assert.equal(zoneOf(file), zone);
          if (target !== zone.name && !zone.imports.includes(target)) forbidden.push(file);
        }
      }
    }
    const biome = join(ROOT, "node_modules/.bin/biome");
    const run = spawnSync(
      biome,
      ["lint", "--only=style/noRestrictedImports", "--max-diagnostics=none", "--reporter=json", "."],
      {
        cwd: folder,
        encoding: "utf8",
      },
    );
    const refused = new Set(JSON.parse(run.stdout).diagnostics.map(({ location }) => location.path));
    assert.deepEqual([...refused].sort(), forbidden.sort());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
