/**
 * `node scripts/pack-ops.mjs [FOLDER]`: builds @opsbook/ops to plain JavaScript with types, for Node 22.12 and newer, and
 * packs it into FOLDER (the current one). Node strips no types under node_modules, so sources cannot be published.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { capture } from "./lib/processes.mjs";
import { pinnedNode, ROOT, runMain, Stop, say } from "./lib/project.mjs";

const SOURCE = join(ROOT, "packages/ops");

await runMain(async ([target = "."]) => {
  const stage = mkdtempSync(join(tmpdir(), "opsbook-pack-"));
  try {
    await build(join(stage, "dist"));
    const manifest = JSON.parse(readFileSync(join(SOURCE, "package.json"), "utf8"));
    writeFileSync(join(stage, "package.json"), `${JSON.stringify(published(manifest), null, 2)}\n`);
    for (const [from, to] of [
      [join(SOURCE, "README.md"), "README.md"],
      [join(ROOT, "LICENSE"), "LICENSE"],
    ]) {
      cpSync(from, join(stage, to));
    }
    mkdirSync(resolve(target), { recursive: true });
    const packed = await capture("npm", ["pack", "--silent", "--pack-destination", resolve(target)], { cwd: stage });
    if (packed.code !== 0) throw new Stop(`npm pack failed: ${packed.output.trim()}`);
    process.stdout.write(`${join(resolve(target), packed.output.trim().split("\n").at(-1))}\n`);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
});

async function build(outDir) {
  const config = join(SOURCE, "tsconfig.pack.json");
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const { code, output } = await capture(pinnedNode(), [tsc, "-p", config, "--outDir", outDir], { cwd: ROOT });
  if (code === 0) return;
  say(output.trim());
  throw new Stop("@opsbook/ops did not compile");
}

/** The manifest as others see it: no sources, no tools of development. */
function published({ name, version, license, type, exports, dependencies }) {
  const built = (path) => path.replace("./src/", "./dist/").replace(/\.ts$/, "");
  return {
    name,
    version,
    license,
    type,
    engines: { node: ">=22.12" },
    files: ["dist"],
    exports: Object.fromEntries(
      Object.entries(exports).map(([key, path]) => [
        key,
        { types: `${built(path)}.d.ts`, default: `${built(path)}.js` },
      ]),
    ),
    dependencies,
  };
}
