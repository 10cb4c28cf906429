export type JupyterErrorCode =
  | "bad-frames"
  | "bad-signature"
  | "bad-json"
  | "bad-header"
  | "bad-content"
  | "closed"
  | "timeout"
  | "aborted"
  | "socket";

/** Every failure of this package. `code` is closed: switch on it, never on the text. */
export class JupyterError extends Error {
  override readonly name = "JupyterError";
  readonly code: JupyterErrorCode;

  constructor(code: JupyterErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
