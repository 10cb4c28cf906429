import { createFiles } from "./create-files.ts";
import type { Files } from "./files.ts";
import { localFileSystem } from "./local-file-system.ts";

export { createFiles } from "./create-files.ts";
export type { FileEntry, FileKind } from "./entry.ts";
export { FilesError, type FilesErrorCode } from "./error.ts";
export type {
  CopyOptions,
  Files,
  PathArgument,
  ReadOptions,
  RemoveOptions,
  TempFile,
  TempOptions,
  WriteOptions,
} from "./files.ts";
export type { FileHandle } from "./handle.ts";
export type { Removed, RemoveTreePlan } from "./remove-tree.ts";
export type { TreeCopy } from "./tree.ts";
export type { FileContent } from "./write.ts";

/** Files of this machine. See {@link Files}. */
export const files: Files = createFiles(localFileSystem);
