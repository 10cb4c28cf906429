import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileDecorated } from "../transform/files.ts";
import type { Mappings } from "../transform/strip.ts";

const maps = new Map<string, Mappings>();

/** How a file with decorators leads back to its text; of its latest version. */
export function mapOfDecorated(url: string): Mappings | undefined {
  return maps.get(url);
}

/** The notebook's TypeScript files that hold decorators, which Node would only strip of their types. */
export function loadDecoratedFiles(isExperimental: () => boolean): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!loaded.format?.endsWith("-typescript")) return loaded;
      const source = String(loaded.source ?? readFileSync(fileURLToPath(url), "utf8"));
      const compiled = source.includes("@") ? compileDecorated(source, { isExperimental }) : null;
      if (!compiled) return loaded;
      maps.set(url, compiled.map);
      return { format: loaded.format.replace("-typescript", ""), source: compiled.code, shortCircuit: true };
    },
  });
}

/** Whether the folder's `tsconfig.json` sets `experimentalDecorators`; read anew each time, as a person may set it. */
export function experimentalDecorators(folder: string): boolean {
  try {
    const text = readFileSync(join(folder, "tsconfig.json"), "utf8");
    return /"experimentalDecorators"\s*:\s*true\b/.test(text.replace(/\/\*[\s\S]*?\*\/|(?<=^|[\s,{])\/\/.*$/gm, ""));
  } catch {
    return false;
  }
}
