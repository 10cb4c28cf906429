import { OpsError, systemCode } from "../core/errors.ts";
import type { InvalidText } from "../core/utf8.ts";

export type FilesErrorCode =
  | "not-found"
  | "exists"
  | "permission"
  | "not-a-folder"
  | "is-a-folder"
  | "not-a-file"
  | "not-empty"
  | "invalid-path"
  | "invalid-text"
  | "invalid-json"
  | "too-large"
  | "no-space"
  | "read-only"
  | "other-file-system"
  | "unsupported"
  | "outside-root"
  | "aborted"
  | "timeout"
  | "io";

/**
 * A file operation that failed.
 *
 * @example
 * await files.text("/no/such/file").catch((error: unknown) => error instanceof FilesError && error.code); // "not-found"
 */
export class FilesError extends OpsError<FilesErrorCode> {
  readonly code: FilesErrorCode;
  readonly path: string;

  constructor(code: FilesErrorCode, path: string, detail: { message: string; cause?: unknown }) {
    super(`${path}: ${detail.message}`, detail.cause);
    this.code = code;
    this.path = path;
  }
}

const MEANINGS: Readonly<Record<string, readonly [FilesErrorCode, string]>> = {
  ENOENT: ["not-found", "there is no such file or folder"],
  EEXIST: ["exists", "it exists already"],
  EACCES: ["permission", "this user may not do that here"],
  EPERM: ["permission", "this user may not do that here"],
  ENOTDIR: ["not-a-folder", "a part of the path is not a folder"],
  EISDIR: ["is-a-folder", "it is a folder"],
  ENOTEMPTY: ["not-empty", "the folder is not empty"],
  ENAMETOOLONG: ["invalid-path", "the name is too long"],
  ELOOP: ["invalid-path", "too many symbolic links"],
  ENOSPC: ["no-space", "no space is left on the device"],
  EDQUOT: ["no-space", "the quota is used up"],
  EROFS: ["read-only", "the file system is read-only"],
  EXDEV: ["other-file-system", "source and target lie on different file systems"],
  EINVAL: ["unsupported", "the file system does not support this"],
};

/** A Node system error in the words of this library. */
export function toFilesError(error: unknown, path: string): FilesError {
  if (error instanceof FilesError) return error;
  const code = systemCode(error);
  const [meaning, message] = MEANINGS[code ?? ""] ?? ["io", error instanceof Error ? error.message : String(error)];
  return new FilesError(meaning, path, { message, cause: error });
}

export function invalidText(path: string, invalid: InvalidText): FilesError {
  return new FilesError("invalid-text", path, {
    message: `not UTF-8 at byte ${invalid.offset} (${invalid.window}); name its encoding: { encoding: "windows-1252" }`,
  });
}
