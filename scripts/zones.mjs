/** Writes the import zones into biome.json. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./lib/project.mjs";
import { overrides } from "./lib/zones.mjs";

const file = join(ROOT, "biome.json");
const config = JSON.parse(readFileSync(file, "utf8"));
writeFileSync(file, `${JSON.stringify({ ...config, overrides: overrides() }, null, 2)}\n`);
