import { posix } from "node:path";
import type { SFTPWrapper, Stats } from "ssh2";
import { messageOf } from "../core/errors.ts";
import { GuardError } from "../core/guard.ts";
import { FilesError, type FilesErrorCode } from "../files/error.ts";
import type { FileSystem, OpenFile, RawStat } from "../files/port.ts";

type Callback<T> = (error: Error | undefined | null, value: T) => void;

/** Status codes of draft-ietf-secsh-filexfer-02, section 7, in the words of this library. */
const STATUS: Readonly<Record<number, readonly [FilesErrorCode, string]>> = {
  2: ["not-found", "there is no such file or folder"],
  3: ["permission", "this user may not do that there"],
  8: ["unsupported", "the server does not support this"],
};

/** What the bare status "failure" most likely means for an operation; SFTP does not say more. */
interface Hint {
  readonly path: string;
  readonly failure?: readonly [FilesErrorCode, string];
}

/** Files of another machine over SFTP version 3 with OpenSSH's extensions. */
export function createSftpFileSystem(open: () => Promise<SFTPWrapper>): FileSystem {
  const call = async <T>(hint: Hint, work: (sftp: SFTPWrapper, callback: Callback<T>) => void): Promise<T> => {
    const sftp = await open();
    return await invoke(hint, (callback: Callback<T>) => work(sftp, callback));
  };
  /** SFTP has no status for "exists already". */
  const unlessThere = async <T>(path: string, creation: Promise<T>): Promise<T> => {
    try {
      return await creation;
    } catch (error) {
      if (!(error instanceof FilesError) || error.code !== "io" || !(await isThere(system, path))) throw error;
      throw new FilesError("exists", path, { message: "it exists already", cause: error });
    }
  };
  const system: FileSystem = {
    // One request each fills a packet of OpenSSH's 256 KiB; a full window hides the network's delay.
    chunk: 255 * 1024,
    window: 64,
    temporaryFolder: "/tmp",
    resolve: resolvePath,
    open: async (path) => {
      const handle = await call<Buffer>({ path }, (sftp, callback) => sftp.open(path, "r", callback));
      return new RemoteFile(await open(), path, handle);
    },
    create: async (path, mode) => {
      const handle = await unlessThere(
        path,
        call<Buffer>({ path }, (sftp, callback) => sftp.open(path, "wx", { mode }, callback)),
      );
      return new RemoteFile(await open(), path, handle);
    },
    stat: async (path) => toRawStat(await call<Stats>({ path }, (sftp, callback) => sftp.stat(path, callback))),
    lstat: async (path) => toRawStat(await call<Stats>({ path }, (sftp, callback) => sftp.lstat(path, callback))),
    readFolder: async (path) => {
      if (((await system.stat(path)).mode & 0o170000) !== 0o040000) {
        throw new FilesError("not-a-folder", path, { message: "it is not a folder" });
      }
      const entries = await call<{ filename: string; attrs: Stats }[]>({ path }, (sftp, callback) =>
        sftp.readdir(path, callback as never),
      );
      return entries
        .filter(({ filename }) => filename !== "." && filename !== "..")
        .map(({ filename, attrs }) => ({ name: filename, stat: toRawStat(attrs) }));
    },
    readLink: (path) => call<string>({ path }, (sftp, callback) => sftp.readlink(path, callback)),
    realPath: (path) => call<string>({ path }, (sftp, callback) => sftp.realpath(path, callback)),
    makeFolder: (path, mode) =>
      unlessThere(
        path,
        call<void>({ path }, (sftp, callback) => sftp.mkdir(path, { mode }, callback as never)),
      ),
    rename: (from, to) =>
      call<void>({ path: to }, (sftp, callback) => sftp.ext_openssh_rename(from, to, callback as never)),
    removeFile: (path) => call<void>({ path }, (sftp, callback) => sftp.unlink(path, callback as never)),
    removeFolder: (path) =>
      call<void>({ path, failure: ["not-empty", "the folder is not empty"] }, (sftp, callback) =>
        sftp.rmdir(path, callback as never),
      ),
    setMode: (path, mode) => call<void>({ path }, (sftp, callback) => sftp.chmod(path, mode, callback as never)),
    makeLink: (target, path) =>
      // OpenSSH takes the two names the other way round than the draft, and ssh2 knows.
      unlessThere(
        path,
        call<void>({ path }, (sftp, callback) => sftp.symlink(target, path, callback as never)),
      ),
    setOwner: (path, uid, gid) =>
      call<void>({ path }, (sftp, callback) =>
        sftp.ext_openssh_lsetstat(path, { uid, gid } as never, callback as never),
      ),
    setTimes: (path, { accessedMs, modifiedMs }) => {
      const times = { atime: accessedMs / 1000, mtime: modifiedMs / 1000 };
      return call<void>({ path }, (sftp, callback) =>
        sftp.ext_openssh_lsetstat(path, times as never, callback as never),
      );
    },
    syncFolder: async (path) => {
      const handle = await call<Buffer>({ path }, (sftp, callback) => sftp.open(path, "r", callback)).catch(
        () => undefined,
      );
      // Some servers open no folders; then the rename is as durable as that server makes it.
      if (handle === undefined) return;
      const folder = new RemoteFile(await open(), path, handle);
      await folder.sync().catch(() => {});
      await folder.close();
    },
  };
  return system;
}

async function isThere(system: FileSystem, path: string): Promise<boolean> {
  try {
    await system.lstat(path);
    return true;
  } catch {
    return false;
  }
}

function resolvePath(path: string): string {
  if (path.includes("\0") || path === "") {
    throw new FilesError("invalid-path", JSON.stringify(path), { message: "this is not a path; is a variable empty?" });
  }
  if (!path.startsWith("/")) {
    throw new GuardError({
      rule: "files.relative-path",
      why: `${JSON.stringify(path)} on another machine would mean whatever folder its login starts in`,
      instead: "an absolute path",
    });
  }
  return posix.normalize(path);
}

function invoke<T>(hint: Hint, work: (callback: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    try {
      work((error, value) => (error ? reject(toFilesError(error, hint)) : resolve(value)));
    } catch (error) {
      // ssh2 throws at once when the server lacks an extension or the session has ended.
      reject(toFilesError(error, hint));
    }
  });
}

function toFilesError(error: unknown, hint: Hint): FilesError {
  if (error instanceof FilesError) return error;
  const status: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
  const guess = status === 4 ? hint.failure : typeof status === "number" ? STATUS[status] : undefined;
  if (guess !== undefined) return new FilesError(guess[0], hint.path, { message: guess[1], cause: error });
  const unsupported = /does not support/.test(messageOf(error));
  return new FilesError(unsupported ? "unsupported" : "io", hint.path, { message: messageOf(error), cause: error });
}

class RemoteFile implements OpenFile {
  readonly #sftp: SFTPWrapper;
  readonly #path: string;
  readonly #handle: Buffer;

  constructor(sftp: SFTPWrapper, path: string, handle: Buffer) {
    this.#sftp = sftp;
    this.#path = path;
    this.#handle = handle;
  }

  read(length: number, position: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafe(length);
    return this.#call<Uint8Array>((callback) =>
      this.#sftp.read(this.#handle, buffer, 0, length, position, (error, bytesRead) => {
        const atEnd = error !== undefined && error !== null && Reflect.get(error, "code") === 1;
        callback(atEnd ? undefined : error, buffer.subarray(0, atEnd ? 0 : bytesRead));
      }),
    );
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (buffer.length === 0) return Promise.resolve();
    return this.#call((callback) =>
      this.#sftp.write(this.#handle, buffer, 0, buffer.length, position, callback as never),
    );
  }

  async stat(): Promise<RawStat> {
    return toRawStat(await this.#call<Stats>((callback) => this.#sftp.fstat(this.#handle, callback)));
  }

  setMode(mode: number): Promise<void> {
    return this.#call((callback) => this.#sftp.fchmod(this.#handle, mode, callback as never));
  }

  setOwner(uid: number, gid: number): Promise<void> {
    return this.#call((callback) => this.#sftp.fchown(this.#handle, uid, gid, callback as never));
  }

  setTimes(accessedMs: number, modifiedMs: number): Promise<void> {
    return this.#call((callback) =>
      this.#sftp.futimes(this.#handle, accessedMs / 1000, modifiedMs / 1000, callback as never),
    );
  }

  async sync(): Promise<void> {
    try {
      await this.#call((callback) => this.#sftp.ext_openssh_fsync(this.#handle, callback as never));
    } catch (error) {
      if (!(error instanceof FilesError) || error.code !== "unsupported") throw error;
    }
  }

  close(): Promise<void> {
    return this.#call((callback) => this.#sftp.close(this.#handle, callback as never));
  }

  #call<T = void>(work: (callback: Callback<T>) => void): Promise<T> {
    return invoke({ path: this.#path }, work);
  }
}

function toRawStat(stats: Stats): RawStat {
  return {
    mode: stats.mode,
    size: stats.size,
    uid: stats.uid,
    gid: stats.gid,
    accessedMs: stats.atime * 1000,
    modifiedMs: stats.mtime * 1000,
  };
}
