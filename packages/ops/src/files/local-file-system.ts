import { constants, type Stats } from "node:fs";
import * as fs from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { FilesError, toFilesError } from "./error.ts";
import type { FileSystem, OpenFile, RawStat } from "./port.ts";
import { temporaryFolder } from "./temporary.ts";

/** Files of this machine. */
export const localFileSystem: FileSystem = {
  chunk: 256 * 1024,
  window: 2,
  get temporaryFolder() {
    return temporaryFolder();
  },
  resolve(path) {
    if (path === "" || path.includes("\0")) {
      throw new FilesError("invalid-path", JSON.stringify(path), {
        message: "this is not a path; is a variable empty?",
      });
    }
    if (path === "~") return homedir();
    return path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(path);
  },
  open: (path) => named(path, async () => new LocalFile(path, await fs.open(path, constants.O_RDONLY))),
  create: (path, mode) =>
    named(path, async () => {
      return new LocalFile(path, await fs.open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode));
    }),
  stat: (path) => named(path, async () => toRawStat(await fs.stat(path))),
  lstat: (path) => named(path, async () => toRawStat(await fs.lstat(path))),
  readFolder: (path) => named(path, () => readFolder(path)),
  readLink: (path) => named(path, () => fs.readlink(path)),
  realPath: (path) => named(path, () => fs.realpath(path)),
  makeFolder: (path, mode) => named(path, () => fs.mkdir(path, { mode }).then(() => {})),
  makeLink: (target, path) => named(path, () => fs.symlink(target, path)),
  rename: (from, to) => named(to, () => fs.rename(from, to)),
  removeFile: (path) => named(path, () => fs.unlink(path)),
  removeFolder: (path) => named(path, () => fs.rmdir(path)),
  setMode: (path, mode) => named(path, () => fs.chmod(path, mode)),
  setOwner: (path, uid, gid) => named(path, () => fs.lchown(path, uid, gid)),
  setTimes: (path, { accessedMs, modifiedMs }) =>
    named(path, () => fs.lutimes(path, accessedMs / 1000, modifiedMs / 1000)),
  syncFolder: (path) =>
    named(path, async () => {
      const handle = await fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    }),
};

async function named<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toFilesError(error, path);
  }
}

async function readFolder(path: string): Promise<{ name: string; stat: RawStat }[]> {
  const entries = await Promise.all(
    (await fs.readdir(path)).map(async (name) => {
      try {
        return { name, stat: toRawStat(await fs.lstat(join(path, name))) };
      } catch (error) {
        // A file may vanish between the two calls; then it is not in the folder.
        if (toFilesError(error, name).code === "not-found") return undefined;
        throw error;
      }
    }),
  );
  return entries.filter((entry) => entry !== undefined);
}

class LocalFile implements OpenFile {
  readonly #path: string;
  readonly #handle: fs.FileHandle;

  constructor(path: string, handle: fs.FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  read(length: number, position: number): Promise<Uint8Array> {
    return named(this.#path, async () => {
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await this.#handle.read(buffer, 0, length, position);
      return buffer.subarray(0, bytesRead);
    });
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return named(this.#path, async () => {
      let done = 0;
      while (done < bytes.length) {
        done += (await this.#handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
      }
    });
  }

  stat(): Promise<RawStat> {
    return named(this.#path, async () => toRawStat(await this.#handle.stat()));
  }

  setMode(mode: number): Promise<void> {
    return named(this.#path, () => this.#handle.chmod(mode));
  }

  setOwner(uid: number, gid: number): Promise<void> {
    return named(this.#path, () => this.#handle.chown(uid, gid));
  }

  setTimes(accessedMs: number, modifiedMs: number): Promise<void> {
    return named(this.#path, () => this.#handle.utimes(accessedMs / 1000, modifiedMs / 1000));
  }

  sync(): Promise<void> {
    return named(this.#path, () => this.#handle.sync());
  }

  close(): Promise<void> {
    return named(this.#path, () => this.#handle.close());
  }
}

function toRawStat(stats: Stats): RawStat {
  return {
    mode: stats.mode,
    size: stats.size,
    uid: stats.uid,
    gid: stats.gid,
    accessedMs: stats.atimeMs,
    modifiedMs: stats.mtimeMs,
    inodeChangedMs: stats.ctimeMs,
    bornMs: stats.birthtimeMs,
  };
}
