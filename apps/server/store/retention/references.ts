import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** Ids of outputs and hashes of blobs, wherever they stand in a stored text. */
const IDS = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}/g;
/** The longest of them. */
const ID_LENGTH = 64;

/** Every id that the text names: more than outputs maybe, never fewer. */
export function idsIn(text: string): Set<string> {
  return new Set(text.match(IDS));
}

/**
 * All ids that the stored session of each notebook that is still there and its checkpoints name, by the notebook's key.
 * Whatever version they are of: they are read as text. Rejects where something cannot be read, so that nothing is
 * collected by mistake.
 */
export async function storedReferences(stateDir: string, root: string): Promise<Map<string, Set<string>>> {
  const owners = new Map<string, Set<string>>();
  for (const kind of ["sessions", "checkpoints"])
    for (const key of await names(join(stateDir, kind))) {
      const folder = join(stateDir, kind, key);
      if (kind === "sessions" && (await isOfGoneNotebook(folder, root))) continue;
      owners.set(key, (owners.get(key) ?? new Set()).union(await idsBelow(folder)));
    }
  return owners;
}

/** True only where the snapshot names a notebook that is surely not there. */
async function isOfGoneNotebook(folder: string, root: string): Promise<boolean> {
  try {
    const text = await readFile(join(folder, "snapshot.json"), "utf8");
    const { path } = z.looseObject({ path: z.string() }).parse(JSON.parse(text));
    return await stat(join(root, path)).then(
      () => false,
      (error: NodeJS.ErrnoException) => error.code === "ENOENT",
    );
  } catch {
    return false;
  }
}

/** A snapshot may take over from a log while this reads: then it is read once more. */
async function idsBelow(folder: string, attempts = 5): Promise<Set<string>> {
  const before = await listing(folder);
  const ids = new Set<string>();
  try {
    for (const file of before.keys()) for (const id of await idsInFile(file)) ids.add(id);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || attempts === 0) throw error;
    return idsBelow(folder, attempts - 1);
  }
  const after = await listing(folder);
  const isSame = [...before].every(([file, inode]) => after.get(file) === inode);
  return isSame || attempts === 0 ? ids : idsBelow(folder, attempts - 1);
}

/** Files below a folder with their inode numbers. */
async function listing(folder: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    },
  );
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const status = await stat(file).catch(() => null);
    if (status) found.set(file, status.ino);
  }
  return found;
}

async function idsInFile(file: string): Promise<Set<string>> {
  const ids = new Set<string>();
  let rest = "";
  for await (const chunk of createReadStream(file, { encoding: "latin1", highWaterMark: 1_048_576 })) {
    const text = rest + String(chunk);
    for (const id of idsIn(text)) ids.add(id);
    rest = text.slice(-ID_LENGTH);
  }
  return ids;
}

const names = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
