import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stateFolder, userFolder } from "./config.ts";

/** What is run before the first cell: the user's files, then the folder's, each by name. */
export function startupFiles(folder: string): { file: string; label: string; read(): string }[] {
  const state = stateFolder(folder);
  return [join(userFolder(), "startup"), ...(state ? [join(state, "startup")] : [])].flatMap((from) =>
    names(from).map((name) => {
      const file = join(from, name);
      return { file, label: name, read: () => readOwn(file) };
    }),
  );
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".ts"))
      .sort();
  } catch {
    return [];
  }
}

/** It runs without being asked for, so nobody else may have written it. */
function readOwn(file: string): string {
  const { uid, mode } = statSync(file);
  if (uid !== process.getuid?.() && uid !== 0) throw new Error(`${file} belongs to another user and was not run.`);
  if ((mode & 0o022) !== 0) throw new Error(`${file} can be written by others and was not run: chmod go-w ${file}`);
  return readFileSync(file, "utf8");
}

/** What a profile may hold; names are the kernel's business, the rest the server's. */
const PARTS = ["preload", "guards", "theme", "templates"];

/** Imports a package's profile from the notebook's folder and puts the names it preloads into every cell's reach. */
export async function loadProfile(name: string, folder: string): Promise<void> {
  const require = createRequire(join(folder, "notebook.ts"));
  const module: unknown = await import(pathToFileURL(require.resolve(name)).href);
  const profile = member(module, "default") ?? member(module, "profile");
  const preload = member(profile, "preload");
  if (!PARTS.some((part) => member(profile, part) !== undefined)) {
    throw new TypeError(`${name} exports no profile: export default defineProfile({ preload: { … } }).`);
  }
  if (preload === undefined) return;
  const names: unknown = typeof preload === "function" ? await preload(globalThis) : preload;
  if (names === undefined) return;
  if (typeof names !== "object" || names === null)
    throw new TypeError(`preload of ${name} is neither names nor a function.`);
  for (const [key, value] of Object.entries(names)) {
    Object.defineProperty(globalThis, key, { value, writable: true, configurable: true, enumerable: false });
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value ? Reflect.get(value, name) : undefined;
}
