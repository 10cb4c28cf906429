import type { IncomingHttpHeaders } from "node:http";
import type { Role } from "@opsbook/notebook/session";
import { roleIncludes } from "@opsbook/notebook/session";
import type { Auth, Identity } from "../auth/index.ts";
import { HttpError } from "./errors.ts";

export interface GatePolicy {
  /** Where the browser sees us, when that is not the address it connects to. */
  baseUrl: URL | null;
  /** A proxy of ours stands in front: the last address of X-Forwarded-For is the one it saw. */
  behindProxy: boolean;
}

export interface GateRequest {
  method: string;
  headers: IncomingHttpHeaders;
  upgrade: boolean;
  /** Only where the route takes its token from the query. */
  queryToken?: string | undefined;
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
/** SSH tunnels change the port, so any port will do. */
const LOOPBACK_AUTHORITY = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/**
 * The one decision about every request and every upgrade: where it was sent to, which page sent it, who sent it.
 * The role comes after, in `requireRole`, because it depends on the route.
 */
export function admit(request: GateRequest, policy: GatePolicy, auth: Auth): Identity | null {
  const origin = checkHost(request.headers.host, policy);
  checkPage(request, origin);
  const who = auth.identify({
    cookie: request.headers.cookie,
    authorization: request.headers.authorization,
    queryToken: request.queryToken,
  });
  if (!who.ok) {
    throw who.reason === "bad-token"
      ? new HttpError("bad-token", "This token is not valid here.")
      : new HttpError("login-needed", "The login cookie came twice. Clear this site's cookies and log in again.");
  }
  const changes = request.upgrade || !SAFE_METHODS.has(request.method);
  if (changes && who.hasCookie && request.headers.origin === undefined) {
    throw new HttpError("wrong-origin", "A request with a cookie must say which page it comes from.");
  }
  return who.identity;
}

export function requireRole(identity: Identity | null, role: Role): Identity {
  const has = identity?.role() ?? null;
  if (!identity || has === null) {
    throw new HttpError("login-needed", "Log in first: `opsbook list` on the server prints a login URL.");
  }
  if (!roleIncludes(has, role)) {
    throw new HttpError("forbidden", `This needs the role ${role}; you have ${has}.`);
  }
  return identity;
}

/** DNS rebinding gives a foreign name our address; it cannot change the Host header. Answers with our origin. */
function checkHost(host: string | undefined, policy: GatePolicy): string {
  if (host !== undefined) {
    if (policy.baseUrl && host.toLowerCase() === policy.baseUrl.host) return policy.baseUrl.origin;
    if (LOOPBACK_AUTHORITY.test(host)) return `http://${host.toLowerCase()}`;
  }
  throw new HttpError("wrong-host", "This server does not answer to that name. Start it with --base-url if it should.");
}

/** Who to count failed logins against. Without a proxy of ours anybody could write the header. */
export function clientAddress(
  request: { headers: IncomingHttpHeaders; socket: { remoteAddress?: string | undefined } },
  policy: GatePolicy,
): string {
  const forwarded = policy.behindProxy ? header(request.headers, "x-forwarded-for")?.split(",").at(-1)?.trim() : "";
  return forwarded || (request.socket.remoteAddress ?? "");
}

function checkPage(request: GateRequest, expected: string): void {
  const { origin } = request.headers;
  if (origin !== undefined && origin.toLowerCase() !== expected) {
    throw new HttpError("wrong-origin", "Requests from another page are refused.");
  }
  const site = header(request.headers, "sec-fetch-site");
  if (site === undefined || site === "same-origin") return;
  const changes = request.upgrade || !SAFE_METHODS.has(request.method);
  // A link or a typed address opens our pages; a foreign page may not use us as its image, script or frame.
  const opensPage =
    header(request.headers, "sec-fetch-mode") === "navigate" &&
    header(request.headers, "sec-fetch-dest") === "document";
  if (changes || !(site === "none" || opensPage)) {
    throw new HttpError("cross-site", "Requests from another page are refused.");
  }
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}
