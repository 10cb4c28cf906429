import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { failpoint } from "./failpoints.ts";

/** Temporary files of an interrupted write; swept when their folder's notebook is opened. */
export const TEMP_PATTERN = /^\.opsbook-tmp-[0-9a-f]{12}-/;

/**
 * All or nothing, also across a power cut: temp file in the same folder, fsync, rename, fsync of the folder.
 * Mode and owner of an existing file are kept; a new one gets `mode`. Throws the file system's own error;
 * the old content is intact then and the temp file is gone. A failed fsync is never retried: the caller
 * starts over with a new file.
 */
export async function writeAtomic(file: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  const temp = join(dirname(file), `.opsbook-tmp-${randomBytes(6).toString("hex")}-${basename(file).slice(0, 80)}`);
  const old = await stat(file).catch(() => null);
  try {
    await using handle = await open(temp, "wx", old ? old.mode & 0o7777 : mode);
    await handle.writeFile(data);
    if (old) await keepOwner(handle, old);
    failpoint("atomic-write:written");
    await handle.sync();
    failpoint("atomic-write:synced");
    await rename(temp, file);
    failpoint("atomic-write:renamed");
  } catch (error) {
    await rm(temp, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
}

async function keepOwner(handle: FileHandle, old: { uid: number; gid: number; mode: number }): Promise<void> {
  const now = await handle.stat();
  // Somebody who may write the file but does not own it cannot give it away; then the writer becomes its owner.
  if (now.uid !== old.uid || now.gid !== old.gid) await handle.chown(old.uid, old.gid).catch(() => {});
  await handle.chmod(old.mode & 0o7777);
}

/** A file of its own name, on disk when this resolves; a crash may leave part of it. `syncFolder` makes the name last. */
export async function writeSynced(file: string, data: Uint8Array, mode: number): Promise<void> {
  await using handle = await open(file, "w", mode);
  await handle.writeFile(data);
  await handle.datasync();
}

/** What was written to `file` through any handle is on disk when this resolves; nothing where it is gone. */
export async function syncFile(file: string): Promise<void> {
  try {
    await using handle = await open(file, "r+");
    await handle.datasync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Makes a rename or a new name in `folder` durable. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}
