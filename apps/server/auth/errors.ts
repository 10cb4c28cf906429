export type AuthErrorCode = "bad-token" | "rate-limited" | "token-file-refused" | "unknown-user";

/** Everything auth/ refuses. The message is for the person and never holds a secret. */
export class AuthError extends Error {
  override readonly name = "AuthError";
  readonly code: AuthErrorCode;

  constructor(code: AuthErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
