import { createHash } from "node:crypto";

/**
 * One name per served folder: two servers on one host share a cookie jar, because cookies ignore ports.
 * `__Host-` (RFC 6265bis §4.1.3.2) keeps a neighbouring subdomain from planting one; it needs https.
 */
export function cookieName(root: string, secure: boolean): string {
  const hash = createHash("sha256").update(root).digest("hex").slice(0, 12);
  return `${secure ? "__Host-" : ""}opsbook-${hash}`;
}

/** `ambiguous`: the name came twice, which is how a tossed cookie shows. */
export function readCookie(header: string | undefined, name: string): string | "ambiguous" | null {
  let found: string | null = null;
  for (const part of (header ?? "").split(";")) {
    const equals = part.indexOf("=");
    if (equals < 0 || part.slice(0, equals).trim() !== name) continue;
    if (found !== null) return "ambiguous";
    found = part.slice(equals + 1).trim();
  }
  return found;
}

/** `maxAge` in seconds; 0 removes the cookie. */
export function sessionCookie(name: string, value: string, options: { secure: boolean; maxAge: number }): string {
  const secure = options.secure ? "; Secure" : "";
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${options.maxAge}${secure}`;
}
