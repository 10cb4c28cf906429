export type KernelErrorCode =
  | "connection-file"
  | "no-stdin"
  | "not-a-cell"
  | "not-imported"
  | "bad-answer"
  | "bad-parameter"
  | "unattended"
  | "not-approved"
  | "not-stopped";

/** Failures of the kernel itself. Errors of the code it runs are that code's own. */
export class KernelError extends Error {
  override readonly name = "KernelError";
  readonly code: KernelErrorCode;

  constructor(code: KernelErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Thrown at an `await` of a cell that was interrupted, so that its `finally` blocks run and nothing after them does. */
export class InterruptedError extends Error {
  override readonly name = "InterruptedError";

  constructor() {
    super("The cell was interrupted.");
  }
}
