import { z } from "zod";

const keeperErrorCodes = [
  "bad-frame",
  "protocol-mismatch",
  "unsafe-folder",
  "path-too-long",
  "unknown-kernel",
  "kernel-exists",
  "kernel-dead",
  "spawn-failed",
  "unknown-terminal",
  "timeout",
  "internal",
] as const;

export const keeperErrorCodeSchema = z.enum(keeperErrorCodes);
type KeeperErrorCode = z.output<typeof keeperErrorCodeSchema>;

/** Every failure of the keeper; `code` crosses the socket, so the server switches on it too. */
export class KeeperError extends Error {
  override readonly name = "KeeperError";
  readonly code: KeeperErrorCode;

  constructor(code: KeeperErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
