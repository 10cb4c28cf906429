import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import type { Secret } from "../core/secret.ts";
import { kindOf } from "./entry.ts";
import { FilesError } from "./error.ts";
import type { FileSystem, OpenFile, RawStat } from "./port.ts";
import { writeChunks } from "./transfer.ts";

export type FileContent = string | Uint8Array | Secret | AsyncIterable<string | Uint8Array>;

export interface Replacement {
  readonly path: string;
  readonly pieces: AsyncIterable<Uint8Array>;
  /** Permission bits; without them an existing file's, else what the umask leaves of 0666. */
  readonly mode: number | undefined;
  readonly times?: RawStat | undefined;
  readonly signal: AbortSignal;
  readonly onBytes?: ((done: number) => void) | undefined;
}

const SUFFIX = ".opsbook-tmp";
/** A writer that lives needs no such time between creating and renaming; older ones were killed. */
const STALE_MS = 60 * 60 * 1000;
const swept = new WeakMap<FileSystem, Set<string>>();

/**
 * Replaces or creates a file in one step: a reader sees the old content or the new one, whatever is killed when.
 * Gives the number of bytes written.
 */
export async function replaceFile(system: FileSystem, replacement: Replacement): Promise<number> {
  const target = await followLink(system, replacement.path);
  const existing = await statOrUndefined(system, target);
  if (existing !== undefined) refuseUnlessFile(target, existing);
  const folder = posix.dirname(target);
  await sweep(system, folder);
  const temporary = posix.join(
    folder,
    `.${posix.basename(target).slice(0, 180)}.${randomBytes(6).toString("hex")}${SUFFIX}`,
  );
  const wanted = replacement.mode ?? (existing === undefined ? undefined : existing.mode & 0o7777);
  const file = await system.create(temporary, wanted === undefined ? 0o666 : 0o600);
  let open = true;
  try {
    const bytes = await writeChunks(system, { file, pieces: replacement.pieces }, replacement);
    if (existing !== undefined) await keepOwner(target, file, existing);
    if (wanted !== undefined) await file.setMode(wanted);
    if (replacement.times !== undefined) {
      await file.setTimes(replacement.times.accessedMs, replacement.times.modifiedMs);
    }
    await file.sync();
    open = false;
    await file.close();
    replacement.signal.throwIfAborted();
    await system.rename(temporary, target);
    await system.syncFolder(folder);
    return bytes;
  } catch (error) {
    if (open) await file.close().catch(() => {});
    await system.removeFile(temporary).catch(() => {});
    throw error;
  }
}

async function keepOwner(path: string, file: OpenFile, existing: RawStat): Promise<void> {
  const created = await file.stat();
  if (created.uid === existing.uid && created.gid === existing.gid) return;
  try {
    await file.setOwner(existing.uid, existing.gid);
  } catch (cause) {
    throw new FilesError("permission", path, {
      message: `it belongs to uid ${existing.uid} and gid ${existing.gid}, which this user cannot give to the new file`,
      cause,
    });
  }
}

/** Replacing the link itself would cut the others who use its target. */
async function followLink(system: FileSystem, path: string): Promise<string> {
  try {
    return kindOf((await system.lstat(path)).mode) === "link" ? await system.realPath(path) : path;
  } catch (error) {
    if (error instanceof FilesError && error.code === "not-found") return path;
    throw error;
  }
}

export function statOrUndefined(system: FileSystem, path: string): Promise<RawStat | undefined> {
  return unlessMissing(system.stat(path));
}

/** Of a link itself. */
export function lstatOrUndefined(system: FileSystem, path: string): Promise<RawStat | undefined> {
  return unlessMissing(system.lstat(path));
}

async function unlessMissing(stat: Promise<RawStat>): Promise<RawStat | undefined> {
  try {
    return await stat;
  } catch (error) {
    if (error instanceof FilesError && error.code === "not-found") return undefined;
    throw error;
  }
}

function refuseUnlessFile(path: string, stat: RawStat): void {
  const kind = kindOf(stat.mode);
  if (kind === "folder") throw new FilesError("is-a-folder", path, { message: "it is a folder and not a file" });
  if (kind !== "file")
    throw new FilesError("not-a-file", path, { message: `it is a ${kind}; replacing it would remove it` });
}

/** Removes what killed writers left behind, once for each folder. */
async function sweep(system: FileSystem, folder: string): Promise<void> {
  const done = swept.get(system) ?? new Set();
  swept.set(system, done);
  if (done.has(folder)) return;
  done.add(folder);
  const entries = await system.readFolder(folder).catch(() => []);
  const stale = entries.filter(
    ({ name, stat }) => name.startsWith(".") && name.endsWith(SUFFIX) && Date.now() - stat.modifiedMs > STALE_MS,
  );
  await Promise.all(stale.map(({ name }) => system.removeFile(posix.join(folder, name)).catch(() => {})));
}
