import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";

/** For everything that is data. */
const DATA_CSP = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** For bytes that people put there: whatever they are, they get an origin of their own and no rights (T7). */
export const SANDBOX_CSP = "sandbox; default-src 'none'; frame-ancestors 'none'";

/** For an output in its frame. Its origin is opaque: no cookie, no storage, no way to its parent but messages (T6). */
export const FRAME_CSP = [
  "sandbox allow-scripts",
  "default-src 'none'",
  "script-src 'unsafe-inline'",
  "style-src 'unsafe-inline'",
  "img-src data: blob:",
  "font-src data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join("; ");

/** Scripts and styles of the web app: a worker takes its policy from its own file. */
export const ASSET_CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join("; ");

export function newNonce(): string {
  return randomBytes(18).toString("base64");
}

/** `strict-dynamic` makes `'self'` not count, so that no served file can pass for a script of ours. */
export function pageCsp(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'`,
    "worker-src 'self' blob:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "media-src 'self' data: blob:",
    "connect-src 'self'",
    "frame-src 'self'",
    "manifest-src 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
  ].join("; ");
}

export function setSecurityHeaders(res: ServerResponse): void {
  res.setHeader("Content-Security-Policy", DATA_CSP);
  res.setHeader("X-Content-Type-Options", "nosniff");
  res.setHeader("Referrer-Policy", "no-referrer");
  res.setHeader("Cross-Origin-Opener-Policy", "same-origin");
  res.setHeader("Cross-Origin-Resource-Policy", "same-origin");
  res.setHeader("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
  res.setHeader("Cache-Control", "no-store");
}
