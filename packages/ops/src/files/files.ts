import type { Lines, Schema } from "../core/lines.ts";
import type { CallOptions } from "../core/options.ts";
import type { FileEntry } from "./entry.ts";
import type { FileHandle } from "./handle.ts";
import type { RemoveTreePlan } from "./remove-tree.ts";
import type { TreeCopy } from "./tree.ts";
import type { FileContent } from "./write.ts";

export interface ReadOptions extends CallOptions {
  /** Name of the text's encoding, default `utf-8`; a byte that does not belong to it is an error. */
  readonly encoding?: string;
}

export interface WriteOptions extends CallOptions {
  /** Permissions, `"0644"` or `"u=rw,go=r"`. Default: those of the file that is replaced, else the umask's. */
  readonly mode?: string;
  /** Makes the folders above as well. */
  readonly parents?: boolean;
}

export interface CopyOptions extends CallOptions {
  /** Keeps permissions and times of the source. */
  readonly metadata?: boolean;
}

export interface RemoveOptions extends CallOptions {
  /** That it is not there is no error. */
  readonly missingOk?: boolean;
}

export interface TempOptions extends CallOptions {
  readonly content?: FileContent;
  /** End of the file's name, for instance `".json"`. */
  readonly suffix?: string;
}

/** A path, or anything that has one: an entry of a listing, a temporary file, `path(…)`. */
export type PathArgument = string | { readonly path: string };

/** A private file that is removed on disposal. */
export interface TempFile extends AsyncDisposable {
  readonly path: string;
}

/**
 * Files of one machine. Every call takes `signal` and `timeout` and throws {@link FilesError} with a closed `code`.
 * Paths on other machines must be absolute.
 */
export interface Files {
  /**
   * A whole file as text.
   * @throws FilesError `invalid-text` with offset and bytes around it; `not-found`.
   * @example
   * const name = (await files.text("/etc/hostname")).trim();
   */
  text(path: PathArgument, options?: ReadOptions): Promise<string>;
  /**
   * A whole file as it is.
   * @example
   * const bytes = await files.bytes("/etc/hostname");
   */
  bytes(path: PathArgument, options?: CallOptions): Promise<Uint8Array>;
  /**
   * The first `length` bytes.
   * @example
   * const magic = await files.head("/bin/sh", 4); // 7f 45 4c 46
   */
  head(path: PathArgument, length: number, options?: CallOptions): Promise<Uint8Array>;
  /**
   * UTF-8 lines: `await` for all, `for await` for one after the other in little memory.
   * @example
   * for await (const line of files.lines("/etc/passwd")) if (line.startsWith("root:")) console.log(line);
   */
  lines(path: PathArgument, options?: CallOptions): Lines;
  /**
   * A file to read by hand, line by line or from any place.
   * @example
   * await using accounts = await files.open("/etc/passwd");
   * const first = await accounts.line(); // "root:x:0:0:root:/root:/bin/bash"
   */
  open(path: PathArgument, options?: CallOptions): Promise<FileHandle>;
  /**
   * What `open` has opened and nobody has closed yet, as a table.
   * @example
   * files.handles();
   */
  handles(): readonly FileHandle[];
  /**
   * A JSON file, checked by `schema` (for instance a zod schema) when one is given.
   * @throws FilesError `invalid-json`; what `schema` throws.
   * @example
   * await files.write("/tmp/opsbook-example.json", '{"port": 8080}');
   * const config = await files.json("/tmp/opsbook-example.json");
   */
  json<T = unknown>(path: PathArgument, schema?: Schema<T>, options?: CallOptions): Promise<T>;
  /**
   * Kind, size in bytes, times, owner and mode. Follows symbolic links unless `followLinks` is false.
   * @example
   * const { size, modified } = await files.stat("/etc/passwd");
   */
  stat(path: PathArgument, options?: CallOptions & { readonly followLinks?: boolean }): Promise<FileEntry>;
  /**
   * The entries of a folder by name, links as links; shown as a table.
   * @example
   * const large = (await files.list("/etc")).filter((entry) => entry.size > 100_000);
   */
  list(folder: PathArgument, options?: CallOptions): Promise<readonly FileEntry[]>;
  /**
   * Whether something is there. To decide what to do next use `create` or `remove(path, { missingOk: true })`: between
   * the answer and the deed another program may act.
   * @example
   * await files.exists("/etc/passwd"); // true
   */
  exists(path: PathArgument, options?: CallOptions): Promise<boolean>;
  /**
   * Makes a file that must not exist; of several who try at once exactly one succeeds.
   * @throws FilesError `exists`.
   * @example
   * const lock = `/tmp/opsbook-example-${crypto.randomUUID()}`;
   * await files.create(lock, "mine");
   */
  create(path: PathArgument, content: FileContent, options?: WriteOptions): Promise<void>;
  /**
   * Replaces or creates a file all-or-nothing: written beside it, synced, renamed. Owner and mode are kept, symbolic
   * links followed.
   * @throws GuardError for a numeric mode.
   * @example
   * await files.write("/tmp/opsbook-example/a.conf", "on = true\n", { parents: true, mode: "0640" });
   */
  write(path: PathArgument, content: FileContent, options?: WriteOptions): Promise<void>;
  /**
   * Copies a file's content all-or-nothing, replacing the target.
   * @example
   * await files.copy("/etc/hostname", "/tmp/opsbook-example-hostname", { metadata: true });
   */
  copy(from: PathArgument, to: PathArgument, options?: CopyOptions): Promise<void>;
  /**
   * Copies a folder with everything in it: modes, times, links as links, and owners where this user may. The target must
   * not be there.
   * @throws FilesError `exists`, `unsupported` for devices, pipes and sockets, before anything is copied.
   * @example
   * await files.makeFolder("/tmp/opsbook-example-tree/a", { parents: true });
   * const { files: count } = await files.copyTree("/tmp/opsbook-example-tree", `/tmp/opsbook-example-${Date.now()}`);
   */
  copyTree(from: PathArgument, to: PathArgument, options?: CallOptions): Promise<TreeCopy>;
  /**
   * Moves a file or folder, replacing a file at the target; also across file systems for files.
   * @example
   * await files.write("/tmp/opsbook-example-old", "x");
   * await files.move("/tmp/opsbook-example-old", "/tmp/opsbook-example-new");
   */
  move(from: PathArgument, to: PathArgument, options?: CallOptions): Promise<void>;
  /**
   * Removes a file, a link or an empty folder.
   * @throws FilesError `not-empty`, `not-found`.
   * @example
   * await files.remove("/tmp/opsbook-example-new", { missingOk: true });
   */
  remove(path: PathArgument, options?: RemoveOptions): Promise<void>;
  /**
   * The plan to remove a folder with everything in it: shows what would go, and `apply()` removes it, unless something
   * in it has changed since. Links are removed, never followed.
   * @throws GuardError for `/`, folders of the system, homes and mount points.
   * @example
   * await files.makeFolder("/tmp/opsbook-example-old/logs", { parents: true });
   * const plan = await files.removeTree("/tmp/opsbook-example-old");
   * plan.count; // 2
   * await plan.apply();
   */
  removeTree(path: PathArgument, options?: CallOptions): Promise<RemoveTreePlan>;
  /**
   * Files below a folder as if it were `/`: for code that reads fixed paths. Neither `..` nor a link leads out of it.
   * @throws FilesError `outside-root` (from the calls) for a link that leads out.
   * @example
   * await files.write("/tmp/opsbook-example-root/etc/hostname", "web1\n", { parents: true });
   * await files.at("/tmp/opsbook-example-root").text("/etc/hostname"); // "web1\n"
   */
  at(root: PathArgument): Files;
  /**
   * Makes a folder; with `parents` also those above, and one that is there is fine.
   * @example
   * await files.makeFolder("/tmp/opsbook-example/logs", { parents: true });
   */
  makeFolder(path: PathArgument, options?: WriteOptions): Promise<void>;
  /**
   * Sets permissions.
   * @throws GuardError for a number: write `"0644"`.
   * @example
   * await files.write("/tmp/opsbook-example-script", "#!/bin/sh\n");
   * await files.chmod("/tmp/opsbook-example-script", "0755");
   */
  chmod(path: PathArgument, mode: string, options?: CallOptions): Promise<void>;
  /**
   * A file of mode 0600 with its content on disk, removed at the end of the block.
   * @example
   * await using list = await files.temp({ content: "one\ntwo\n" });
   * await sh`wc -l ${list.path}`.text();
   */
  temp(options?: TempOptions): Promise<TempFile>;
}
