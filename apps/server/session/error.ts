export type SessionErrorCode =
  | "invalid-notebook"
  | "not-found"
  | "not-a-notebook"
  | "storage-failed"
  | "newer-format"
  | "no-such-cell"
  | "not-replaceable";

/** Why a session cannot be opened or saved; the message says what to do. */
export class SessionError extends Error {
  readonly code: SessionErrorCode;
  /** 1-based, where the file cannot be read. */
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(
    code: SessionErrorCode,
    message: string,
    options: { cause?: unknown; line?: number | undefined; column?: number | undefined } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "SessionError";
    this.code = code;
    this.line = options.line;
    this.column = options.column;
  }
}
