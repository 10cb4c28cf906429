/** Builds the web app when its sources are no longer those of the last build. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { capture } from "./processes.mjs";
import { pinnedNode, ROOT, Stop, say } from "./project.mjs";

const SOURCES = ["vite.config.ts", "package-lock.json", "apps/web", "packages/notebook/src"];
const STAMP = "apps/web/dist/.sources";

/** Hash of everything the build reads: names and contents, not times, which a checkout changes. */
export function sourcesHash(root = ROOT) {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    for (const file of files(join(root, source))) {
      hash
        .update(`${relative(root, file)}\0`)
        .update(readFileSync(file))
        .update("\0");
    }
  }
  return hash.digest("hex");
}

/** The hash to build for, or `undefined` where the last build is of these very sources. */
export function staleHash(root = ROOT) {
  const hash = sourcesHash(root);
  const stamp = join(root, STAMP);
  const fresh =
    existsSync(join(root, "apps/web/dist/index.html")) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
  return fresh ? undefined : hash;
}

export async function ensureWebBuilt(root = ROOT) {
  const hash = staleHash(root);
  if (hash === undefined) return false;
  say("Building the web app …");
  const started = Date.now();
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const { code, output } = await capture(pinnedNode(root), [vite, "build", "--config", "vite.config.ts"], {
    cwd: root,
  });
  if (code !== 0) {
    throw new Stop(
      `The web app does not build:\n${output.trim().split("\n").slice(-25).join("\n")}\nMend that, or go back to a commit that builds.`,
    );
  }
  // Last, and inside the folder that the build empties: a build cut short leaves no stamp.
  writeFileSync(join(root, STAMP), hash);
  say(`  built in ${Math.round((Date.now() - started) / 1000)} s`);
  return true;
}

function files(path) {
  if (!existsSync(path)) return [];
  const list = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== "dist" && entry.name !== "node_modules") walk(full);
      } else if (!/\.test\.tsx?$/.test(entry.name)) list.push(full);
    }
  };
  try {
    walk(path);
  } catch (error) {
    if (error.code !== "ENOTDIR") throw error;
    return [path];
  }
  return list;
}
