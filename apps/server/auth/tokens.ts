import { createHash, randomBytes } from "node:crypto";

export type TokenKind = "login" | "session" | "api";

/** Every secret we make has this shape, so that the log scrubber knows one wherever it turns up. */
export const TOKEN_PATTERN = /obk_(?:login|session|api)_[A-Za-z0-9_-]{16,}/g;

export function newToken(kind: TokenKind): string {
  return `obk_${kind}_${randomBytes(32).toString("base64url")}`;
}

/** SHA-256, hex. Tokens have 256 random bits, so a fast hash is enough to keep them useless on disk. */
export function hashToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
