import { constants } from "node:fs";
import { type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { HttpError } from "../errors.ts";

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
const HAS_PROC_FD = process.platform === "linux";
/** Bytes of one path component on the usual file systems. */
const LONGEST_NAME = 255;
const DEEPEST = 64;

/**
 * Checks components that were percent-decoded once, so a slash inside one is an attack and not a separator.
 * Hidden names do not exist here, on any verb.
 */
export function checkComponents(components: readonly string[]): string[] {
  if (components.length > DEEPEST) throw new HttpError("bad-request", "This path is too deep.");
  return components.map((name) => {
    if (name === "" || name === "." || name === ".." || /[/\\\0]/.test(name)) {
      throw new HttpError("bad-request", "This path is not valid.");
    }
    if (Buffer.byteLength(name) > LONGEST_NAME) throw new HttpError("bad-request", "This name is too long.");
    if (isHidden(name)) throw new HttpError("hidden-path", `No such file or folder: ${components.join("/")}`);
    return name;
  });
}

/** A path as JSON bodies carry it: decoded already, separated by slashes, perhaps with one in front or behind. */
export function parsePath(path: string): string[] {
  const trimmed = path.replace(/^\/|\/$/g, "");
  return trimmed === "" ? [] : checkComponents(trimmed.split("/"));
}

export function isHidden(name: string): boolean {
  return name.startsWith(".");
}

/**
 * The served folder. Every access walks down from its descriptor without following links, so that
 * a folder swapped for a link in the middle leads nowhere. Links that stay inside are resolved first.
 */
export class ContentRoot {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async open(path: string): Promise<ContentRoot> {
    return new ContentRoot(await realpath(path));
  }

  /** The folder itself, links resolved. */
  async folder(components: readonly string[]): Promise<Folder> {
    const real = await this.#resolve(components);
    let folder = await Folder.open(this.path);
    for (const name of real) {
      const parent = folder;
      try {
        folder = await Folder.open(parent.at(name));
      } finally {
        await parent.close();
      }
    }
    return folder;
  }

  /** Runs `use` with the folder that holds the last component. The last component itself is not followed. */
  async inParent<T>(components: readonly string[], use: (folder: Folder, name: string) => Promise<T>): Promise<T> {
    const name = components.at(-1);
    if (name === undefined) throw new HttpError("bad-request", "The served folder itself cannot be changed.");
    return this.inFolder(components.slice(0, -1), (folder) => use(folder, name));
  }

  async inFolder<T>(components: readonly string[], use: (folder: Folder) => Promise<T>): Promise<T> {
    const folder = await fileErrors(components, () => this.folder(components));
    try {
      return await fileErrors(components, () => use(folder));
    } finally {
      await folder.close();
    }
  }

  /** Where the path leads, as components below the root; a last component that is no link stays as it is. */
  async resolveTarget(components: readonly string[]): Promise<string[]> {
    return fileErrors(components, async () => {
      const isLink = await lstat(join(this.path, ...components)).then(
        (stat) => stat.isSymbolicLink(),
        () => false,
      );
      if (isLink || components.length === 0) return this.#resolve(components);
      return [...(await this.#resolve(components.slice(0, -1))), components.at(-1) as string];
    });
  }

  async #resolve(components: readonly string[]): Promise<string[]> {
    const real = relative(this.path, await realpath(join(this.path, ...components)));
    const parts = real === "" ? [] : real.split(sep);
    if (parts.some(isHidden) || real.startsWith(sep)) {
      throw new HttpError("not-found", `No such file or folder: ${components.join("/")}`);
    }
    return parts;
  }
}

/** An open folder; paths made by `at` keep meaning this folder even when it is renamed or replaced. */
export class Folder {
  readonly #handle: FileHandle;
  readonly #base: string;

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    // Elsewhere there is no openat through /proc; the walk still refuses links, but not races.
    this.#base = HAS_PROC_FD ? `/proc/self/fd/${handle.fd}` : path;
  }

  static async open(path: string): Promise<Folder> {
    return new Folder(await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path);
  }

  at(name: string): string {
    return `${this.#base}/${name}`;
  }

  list(): string {
    return `${this.#base}/`;
  }

  stat() {
    return this.#handle.stat();
  }

  sync(): Promise<void> {
    return this.#handle.sync();
  }

  /** Without O_NONBLOCK a named pipe would hold the call for ever. */
  openFile(name: string): Promise<FileHandle> {
    return open(this.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Turns errors of the file system into answers; what they say names the path the person asked for, not ours. */
async function fileErrors<T>(components: readonly string[], action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof HttpError) throw error;
    const path = components.join("/");
    const options = { cause: error };
    switch ((error as NodeJS.ErrnoException).code) {
      case "ENOENT":
      case "ENOTDIR":
      case "ELOOP":
        throw new HttpError("not-found", `No such file or folder: ${path}`, options);
      case "EACCES":
      case "EPERM":
      case "EROFS":
        throw new HttpError("forbidden", `The server may not do this to ${path}.`, options);
      case "EEXIST":
        throw new HttpError("exists", `${path} exists already.`, options);
      case "ENOTEMPTY":
        throw new HttpError("not-empty", `The folder ${path} is not empty.`, options);
      case "ENOSPC":
      case "EDQUOT":
      case "EIO":
        throw new HttpError("storage-failed", `${path} could not be written: the disk is full or failing.`, options);
      case "EISDIR":
        throw new HttpError("bad-request", `${path} is a folder.`, options);
      default:
        throw error;
    }
  }
}
