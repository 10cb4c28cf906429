export type RuntimeErrorCode =
  | "unknown-kernel"
  | "kernel-dead"
  | "spawn-failed"
  | "unknown-terminal"
  | "timeout"
  | "aborted"
  | "unsafe-folder"
  | "keeper-failed"
  | "keeper-lost"
  | "protocol-mismatch"
  | "replaced"
  | "closed";

/** Every failure of the runtime. `available` names the kernels there are when an unknown one was asked for. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  readonly code: RuntimeErrorCode;
  readonly available: readonly string[];

  constructor(
    code: RuntimeErrorCode,
    message: string,
    options: { cause?: unknown; available?: readonly string[] } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.available = options.available ?? [];
  }
}
