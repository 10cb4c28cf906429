/** What a file system knows of a path; times in milliseconds since 1970. */
export interface RawStat {
  /** Type and permission bits as in `st_mode`. */
  readonly mode: number;
  readonly size: number;
  readonly uid: number;
  readonly gid: number;
  readonly accessedMs: number;
  readonly modifiedMs: number;
  readonly inodeChangedMs?: number | undefined;
  readonly bornMs?: number | undefined;
}

export interface OpenFile {
  /** Up to `length` bytes; fewer only before the end of the file, none at its end. */
  read(length: number, position: number): Promise<Uint8Array>;
  /** Writes all of `bytes`. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  stat(): Promise<RawStat>;
  setMode(mode: number): Promise<void>;
  setOwner(uid: number, gid: number): Promise<void>;
  setTimes(accessedMs: number, modifiedMs: number): Promise<void>;
  /** Returns when the content is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The few operations that differ between machines. All of them throw FilesError. */
export interface FileSystem {
  /** Bytes asked for at once, and how many such requests are under way together. */
  readonly chunk: number;
  readonly window: number;
  readonly temporaryFolder: string;
  /** The path as the file system takes it. @throws GuardError, FilesError */
  resolve(path: string): string;
  open(path: string): Promise<OpenFile>;
  /** Creates a file that must not exist, for writing. */
  create(path: string, mode: number): Promise<OpenFile>;
  stat(path: string): Promise<RawStat>;
  lstat(path: string): Promise<RawStat>;
  readFolder(path: string): Promise<readonly { readonly name: string; readonly stat: RawStat }[]>;
  readLink(path: string): Promise<string>;
  realPath(path: string): Promise<string>;
  makeFolder(path: string, mode: number): Promise<void>;
  /** A symbolic link at `path` that says `target`. */
  makeLink(target: string, path: string): Promise<void>;
  /** Replaces the target in one step. */
  rename(from: string, to: string): Promise<void>;
  removeFile(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  /** Of a link itself, not of its target. */
  setOwner(path: string, uid: number, gid: number): Promise<void>;
  /** Of a link itself where the system can. */
  setTimes(path: string, times: Pick<RawStat, "accessedMs" | "modifiedMs">): Promise<void>;
  /** Returns when the folder's entries are on the disk, where that can be asked for. */
  syncFolder(path: string): Promise<void>;
}
