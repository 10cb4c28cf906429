/** Finds the files of node:test. `x.full.test.ts` are long ones, for `npm run test:full`. */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";

const FOLDERS = ["packages", "apps", "scripts"];

export function testFiles(root, { full = false, folders = FOLDERS } = {}) {
  const found = folders.flatMap((folder) => filesUnder(join(root, folder), /\.test\.(?:ts|mjs)$/));
  return found.map((file) => relative(root, file)).filter((file) => full || !/\.full\.test\./.test(file));
}

/** Every file whose name matches, without installed packages and build products. */
function filesUnder(folder, pattern) {
  const list = [];
  let entries = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  for (const entry of entries) {
    if (["node_modules", "dist", "generated"].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) list.push(...filesUnder(path, pattern));
    else if (pattern.test(entry.name)) list.push(path);
  }
  return list.sort();
}
