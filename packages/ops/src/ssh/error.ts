import { messageOf, OpsError, systemCode } from "../core/errors.ts";

export type SshErrorCode =
  | "invalid-target"
  | "config"
  | "refused"
  | "unreachable"
  | "dns"
  | "timeout"
  | "aborted"
  | "auth"
  | "host-key-unknown"
  | "host-key-changed"
  | "host-key-revoked"
  | "host-certificate"
  | "negotiation"
  | "unsupported"
  | "closed";

/**
 * A connection that could not be made or was lost.
 *
 * @example
 * await ssh
 *   .connect("ops@127.0.0.1:1", { timeout: "5s" })
 *   .catch((error: unknown) => error instanceof SshError && error.code); // "refused"
 */
export class SshError extends OpsError<SshErrorCode> {
  readonly code: SshErrorCode;
  /** As it was asked for: `ops@web1`. */
  readonly target: string;

  constructor(code: SshErrorCode, target: string, detail: { message: string; cause?: unknown }) {
    super(`ssh ${target}: ${detail.message}`, detail.cause);
    this.code = code;
    this.target = target;
  }

  get timedOut(): boolean {
    return this.code === "timeout";
  }
}

/** An error of the socket in the words of this library. */
export function toSshError(error: unknown, target: string): SshError {
  if (error instanceof SshError) return error;
  const said = messageOf(error);
  const make = (code: SshErrorCode, message: string) =>
    new SshError(code, target, { message: `${message} (${said})`, cause: error });
  switch (systemCode(error)) {
    case "ECONNREFUSED":
      return make("refused", "nothing listens on that port; is sshd running, and is the port right?");
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return make("dns", "there is no address for that name; is it spelled right?");
    case "ETIMEDOUT":
      return make("timeout", "the host does not answer");
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return make("unreachable", "there is no route to the host; look at network, VPN and firewall");
    default:
      break;
  }
  switch (levelOf(error)) {
    case "client-authentication":
      return make(
        "auth",
        "the host accepts none of the keys offered; is the key in its authorized_keys, and the user right?",
      );
    case "client-timeout":
      return make("timeout", "the host does not answer");
    case "handshake":
      return make("negotiation", "the two sides could not agree on how to talk");
    default:
      return make("closed", "the connection was closed");
  }
}

function levelOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "level" in error ? error.level : undefined;
}
