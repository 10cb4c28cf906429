import { randomBytes } from "node:crypto";
import { type FileHandle, link, lstat, open, rename, rm, unlink } from "node:fs/promises";
import { HttpError } from "../errors.ts";
import type { Folder } from "./root.ts";

/**
 * Replaces a file as a whole: temporary file beside it, fsync, rename, fsync of the folder.
 * Mode and owner stay, the owner where we may set it. With `exclusive` an existing file is an EEXIST.
 */
export async function writeWhole(
  folder: Folder,
  name: string,
  options: { data: string | Buffer; exclusive?: boolean },
): Promise<void> {
  const before = await lstat(folder.at(name)).catch(() => null);
  if (before && !before.isFile()) throw new HttpError("bad-request", `${name} is not a regular file.`);
  const temporary = folder.at(`.${randomBytes(8).toString("hex")}.tmp`);
  try {
    {
      await using handle = await open(temporary, "wx", 0o666);
      if (before) await takeOver(handle, before);
      await handle.writeFile(options.data);
      await handle.sync();
    }
    if (options.exclusive) {
      await link(temporary, folder.at(name));
      await unlink(temporary);
    } else {
      await rename(temporary, folder.at(name));
    }
    await folder.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function takeOver(handle: FileHandle, before: { mode: number; uid: number; gid: number }): Promise<void> {
  // chown clears set-id bits, so the mode comes after it.
  await handle.chown(before.uid, before.gid).catch(() => undefined);
  await handle.chmod(before.mode & 0o7777);
}

/** Renames without ever replacing: link and unlink for files, a look before for folders. */
export async function moveEntry(from: { folder: Folder; name: string }, to: { folder: Folder; name: string }) {
  const source = from.folder.at(from.name);
  const target = to.folder.at(to.name);
  const stat = await lstat(source);
  if (stat.isFile()) {
    try {
      await link(source, target);
      await unlink(source);
      return;
    } catch (error) {
      // Some file systems have no hard links.
      if (!["EPERM", "ENOTSUP", "EMLINK", "ENOSYS"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  const taken = await lstat(target).then(
    () => true,
    () => false,
  );
  if (taken) throw new HttpError("exists", `${to.name} exists already.`);
  await rename(source, target);
}
