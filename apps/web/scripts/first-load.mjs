/**
 * What a browser loads to show the app: the entry and the docking area, which it asks for at once, each with what
 * they import statically, and their styles.
 * Reads the last build of apps/web/dist. `node apps/web/scripts/first-load.mjs [--json]`
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const dist = join(import.meta.dirname, "../dist");
const manifest = JSON.parse(readFileSync(join(dist, ".vite/manifest.json"), "utf8"));

const first = Object.entries(manifest).find(([, chunk]) => chunk.isEntry);
if (!first) throw new Error("The manifest has no entry: build the web app first (npm run build)");

const files = new Set();
const visit = (name) => {
  const chunk = manifest[name];
  if (!chunk || files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const style of chunk.css ?? []) files.add(style);
  for (const next of chunk.imports ?? []) visit(next);
};
visit(first[0]);
const entryFiles = new Set(files);
visit("src/features/frame/dock.tsx");

const rows = [...files].map((file) => {
  const bytes = readFileSync(join(dist, file));
  return {
    file,
    entry: entryFiles.has(file),
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes).length,
  };
});
const total = (extension, of = rows) =>
  of
    .filter(({ file }) => file.endsWith(extension))
    .reduce((sum, row) => ({ raw: sum.raw + row.raw, gzip: sum.gzip + row.gzip, brotli: sum.brotli + row.brotli }), {
      raw: 0,
      gzip: 0,
      brotli: 0,
    });
/** Libraries that have no place in the first load. */
const late = ["monaco", "xterm", "markdown", "highlight"].filter((name) =>
  rows.some(({ file }) => file.includes(`/${name}-`)),
);
const result = {
  entry: total(
    ".js",
    rows.filter(({ entry }) => entry),
  ),
  js: total(".js"),
  css: total(".css"),
  files: rows,
  late,
};

if (process.argv.includes("--json")) console.log(JSON.stringify(result));
else {
  const kb = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;
  for (const [name, sizes] of [
    ["entry", result.entry],
    ["all JavaScript", result.js],
    ["styles", result.css],
  ]) {
    console.log(`${name}: ${kb(sizes.raw)} raw, ${kb(sizes.gzip)} gzip, ${kb(sizes.brotli)} brotli`);
  }
  if (late.length > 0) console.log(`should not be in it: ${late.join(", ")}`);
}
