import { messageOf, OpsError, systemCode } from "../core/errors.ts";

export type HttpErrorCode =
  | "status"
  | "refused"
  | "dns"
  | "unreachable"
  | "reset"
  | "timeout"
  | "aborted"
  | "tls-expired"
  | "tls-wrong-name"
  | "tls-unknown-issuer"
  | "tls-client-certificate"
  | "tls"
  | "redirect"
  | "too-large"
  | "invalid-url"
  | "invalid-text"
  | "invalid-json"
  | "protocol";

export interface FailedRequest {
  readonly method: string;
  readonly url: string;
  /** The request had been sent when it failed, so a change it asks for may have been made. */
  readonly mayHaveBeenApplied?: boolean;
  readonly status?: number;
  /** The first part of the body. */
  readonly excerpt?: string;
  readonly requestId?: string | undefined;
}

/**
 * A request that failed, or an answer with a status other than 2xx.
 *
 * @example
 * try {
 *   await http.get("http://127.0.0.1:1/");
 * } catch (error) {
 *   if (error instanceof HttpError) console.log(error.code); // "refused"
 * }
 */
export class HttpError extends OpsError<HttpErrorCode> {
  readonly code: HttpErrorCode;
  readonly method: string;
  readonly url: string;
  /** The answer's status, if there was an answer. */
  readonly status: number | undefined;
  readonly excerpt: string;
  readonly requestId: string | undefined;
  readonly mayHaveBeenApplied: boolean;

  constructor(code: HttpErrorCode, request: FailedRequest, detail: { message: string; cause?: unknown }) {
    const warning =
      request.mayHaveBeenApplied === true ? " The change may have been applied: look before you repeat it." : "";
    super(`${request.method} ${request.url}: ${detail.message}${warning}`, detail.cause);
    this.code = code;
    this.method = request.method;
    this.url = request.url;
    this.status = request.status;
    this.excerpt = request.excerpt ?? "";
    this.requestId = request.requestId;
    this.mayHaveBeenApplied = request.mayHaveBeenApplied === true;
  }

  get timedOut(): boolean {
    return this.code === "timeout";
  }
}

type Meaning = readonly [HttpErrorCode, string];

const UNKNOWN_ISSUER: Meaning = [
  "tls-unknown-issuer",
  "no authority known here has signed the server's certificate. If it should be trusted, pass that authority: { ca: pem or file }.",
];
const EXPIRED: Meaning = [
  "tls-expired",
  "the server's certificate is out of its time; renew it, or correct this machine's clock.",
];
const RESET: Meaning = ["reset", "the connection was closed before the answer was complete."];
const UNREACHABLE: Meaning = ["unreachable", "there is no route to the server; look at network, VPN and firewall."];

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: ["refused", "nothing listens on that port; is the service running, and is the port right?"],
  ENOTFOUND: [
    "dns",
    "there is no address for that name; is it spelled right, and does this machine's resolver know it?",
  ],
  EAI_AGAIN: ["dns", "the name server does not answer."],
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ECONNRESET: RESET,
  EPIPE: RESET,
  UND_ERR_SOCKET: RESET,
  UND_ERR_CLOSED: RESET,
  ETIMEDOUT: ["timeout", "the server does not answer."],
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: EXPIRED,
  ERR_TLS_CERT_ALTNAME_INVALID: ["tls-wrong-name", "the server's certificate is for another name."],
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_ISSUER,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_ISSUER,
};

/** What a failed exchange means. */
export function toHttpError(error: unknown, request: FailedRequest): HttpError {
  if (error instanceof HttpError) return error;
  const root = rootOf(error);
  const code = systemCode(root) ?? "";
  const [meaning, advice] = MEANINGS[code] ?? otherMeaning(code);
  return new HttpError(meaning, request, { message: `${advice} (${messageOf(root)})`, cause: error });
}

function otherMeaning(code: string): Meaning {
  if (code.startsWith("ERR_SSL") || code.startsWith("ERR_TLS")) {
    return code.includes("CERTIFICATE_REQUIRED")
      ? ["tls-client-certificate", "the server asks for a client certificate: { cert, key }."]
      : ["tls", "the two sides could not agree on an encrypted connection."];
  }
  return ["protocol", "the exchange failed."];
}

/** Node tries several addresses of a name and reports them together. */
function rootOf(error: unknown): unknown {
  if (error instanceof AggregateError && error.errors.length > 0) return rootOf(error.errors[0]);
  return systemCode(error) === undefined && error instanceof Error && error.cause !== undefined
    ? rootOf(error.cause)
    : error;
}
