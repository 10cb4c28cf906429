import type { Lines, Schema } from "../core/lines.ts";
import type { CallOptions } from "../core/options.ts";
import type { FileEntry } from "./entry.ts";
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
  text(path: string, options?: ReadOptions): Promise<string>;
  /**
   * A whole file as it is.
   * @example
   * const bytes = await files.bytes("/etc/hostname");
   */
  bytes(path: string, options?: CallOptions): Promise<Uint8Array>;
  /**
   * The first `length` bytes.
   * @example
   * const magic = await files.head("/bin/sh", 4); // 7f 45 4c 46
   */
  head(path: string, length: number, options?: CallOptions): Promise<Uint8Array>;
  /**
   * UTF-8 lines: `await` for all, `for await` for one after the other in little memory.
   * @example
   * for await (const line of files.lines("/etc/passwd")) if (line.startsWith("root:")) console.log(line);
   */
  lines(path: string, options?: CallOptions): Lines;
  /**
   * A JSON file, checked by `schema` (for instance a zod schema) when one is given.
   * @throws FilesError `invalid-json`; what `schema` throws.
   * @example
   * await files.write("/tmp/opsbook-example.json", '{"port": 8080}');
   * const config = await files.json("/tmp/opsbook-example.json");
   */
  json<T = unknown>(path: string, schema?: Schema<T>, options?: CallOptions): Promise<T>;
  /**
   * Kind, size in bytes, times, owner and mode. Follows symbolic links unless `followLinks` is false.
   * @example
   * const { size, modified } = await files.stat("/etc/passwd");
   */
  stat(path: string, options?: CallOptions & { readonly followLinks?: boolean }): Promise<FileEntry>;
  /**
   * The entries of a folder by name, links as links; shown as a table.
   * @example
   * const large = (await files.list("/etc")).filter((entry) => entry.size > 100_000);
   */
  list(folder: string, options?: CallOptions): Promise<readonly FileEntry[]>;
  /**
   * Whether something is there. To decide what to do next use `create` or `remove(path, { missingOk: true })`: between
   * the answer and the deed another program may act.
   * @example
   * await files.exists("/etc/passwd"); // true
   */
  exists(path: string, options?: CallOptions): Promise<boolean>;
  /**
   * Makes a file that must not exist; of several who try at once exactly one succeeds.
   * @throws FilesError `exists`.
   * @example
   * const lock = `/tmp/opsbook-example-${crypto.randomUUID()}`;
   * await files.create(lock, "mine");
   */
  create(path: string, content: FileContent, options?: WriteOptions): Promise<void>;
  /**
   * Replaces or creates a file all-or-nothing: written beside it, synced, renamed. Owner and mode are kept, symbolic
   * links followed.
   * @throws GuardError for a numeric mode.
   * @example
   * await files.write("/tmp/opsbook-example/a.conf", "on = true\n", { parents: true, mode: "0640" });
   */
  write(path: string, content: FileContent, options?: WriteOptions): Promise<void>;
  /**
   * Copies a file's content all-or-nothing, replacing the target.
   * @example
   * await files.copy("/etc/hostname", "/tmp/opsbook-example-hostname", { metadata: true });
   */
  copy(from: string, to: string, options?: CopyOptions): Promise<void>;
  /**
   * Moves a file or folder, replacing a file at the target; also across file systems for files.
   * @example
   * await files.write("/tmp/opsbook-example-old", "x");
   * await files.move("/tmp/opsbook-example-old", "/tmp/opsbook-example-new");
   */
  move(from: string, to: string, options?: CallOptions): Promise<void>;
  /**
   * Removes a file, a link or an empty folder.
   * @throws FilesError `not-empty`, `not-found`.
   * @example
   * await files.remove("/tmp/opsbook-example-new", { missingOk: true });
   */
  remove(path: string, options?: RemoveOptions): Promise<void>;
  /**
   * Makes a folder; with `parents` also those above, and one that is there is fine.
   * @example
   * await files.makeFolder("/tmp/opsbook-example/logs", { parents: true });
   */
  makeFolder(path: string, options?: WriteOptions): Promise<void>;
  /**
   * Sets permissions.
   * @throws GuardError for a number: write `"0644"`.
   * @example
   * await files.write("/tmp/opsbook-example-script", "#!/bin/sh\n");
   * await files.chmod("/tmp/opsbook-example-script", "0755");
   */
  chmod(path: string, mode: string, options?: CallOptions): Promise<void>;
  /**
   * A file of mode 0600 with its content on disk, removed at the end of the block.
   * @example
   * await using list = await files.temp({ content: "one\ntwo\n" });
   * await sh`wc -l ${list.path}`.text();
   */
  temp(options?: TempOptions): Promise<TempFile>;
}
