import { OpsError, systemCode } from "../core/errors.ts";

export type NetErrorCode =
  | "refused"
  | "unreachable"
  | "unknown-host"
  | "reset"
  /** The peer ended before everything that was wanted had come or gone. */
  | "closed"
  | "too-long"
  | "in-use"
  | "permission"
  | "tls"
  | "timeout"
  | "aborted"
  | "io";

/**
 * A connection that could not be made or did not carry everything.
 *
 * @example
 * await net
 *   .connect("127.0.0.1:1")
 *   .catch((error: unknown) => error instanceof NetError && error.code); // "refused"
 */
export class NetError extends OpsError<NetErrorCode> {
  readonly code: NetErrorCode;
  /** `host:port`. */
  readonly address: string;
  /** What had come of a read that stayed incomplete. */
  readonly received: Uint8Array;

  constructor(
    code: NetErrorCode,
    address: string,
    detail: { message: string; cause?: unknown; received?: Uint8Array | undefined },
  ) {
    super(`${address}: ${detail.message}`, detail.cause);
    this.code = code;
    this.address = address;
    this.received = detail.received ?? new Uint8Array();
  }
}

const MEANINGS: Readonly<Record<string, readonly [NetErrorCode, string]>> = {
  ECONNREFUSED: ["refused", "nothing listens there, or a firewall says no"],
  EHOSTUNREACH: ["unreachable", "there is no way to this host"],
  ENETUNREACH: ["unreachable", "there is no way to this network"],
  ENOTFOUND: ["unknown-host", "there is no such name"],
  EAI_AGAIN: ["unknown-host", "the name could not be looked up; does name resolution work?"],
  ECONNRESET: ["reset", "the peer broke the connection off"],
  EPIPE: ["closed", "the peer has closed its side"],
  ERR_STREAM_PREMATURE_CLOSE: ["closed", "the connection was closed"],
  ETIMEDOUT: ["timeout", "no answer"],
  EADDRINUSE: ["in-use", "the port is taken"],
  EACCES: ["permission", "this user may not do that"],
};

/** A Node system error in the words of this library. */
export function toNetError(error: unknown, address: string, received?: Uint8Array): NetError {
  if (error instanceof NetError) return error;
  const code = systemCode(error) ?? "";
  const tls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code);
  const [meaning, message] = MEANINGS[code] ?? [
    tls ? "tls" : "io",
    error instanceof Error ? error.message : String(error),
  ];
  return new NetError(meaning, address, { message, cause: error, received });
}
