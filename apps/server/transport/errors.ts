/** HTTP status by reason; the reason is what programs look at, the message what people read. */
const STATUS = {
  "bad-request": 400,
  "hidden-path": 404,
  "not-found": 404,
  "login-needed": 401,
  "bad-token": 401,
  forbidden: 403,
  "wrong-origin": 403,
  "cross-site": 403,
  "not-json": 403,
  exists: 409,
  "not-empty": 400,
  "not-a-notebook": 409,
  "newer-format": 409,
  "not-replaceable": 409,
  "damaged-checkpoint": 422,
  "too-large": 413,
  "wrong-host": 421,
  "invalid-notebook": 422,
  "unknown-kernel": 422,
  "range-not-satisfiable": 416,
  "rate-limited": 429,
  "storage-failed": 507,
  "kernel-failed": 500,
  "internal-error": 500,
  "not-built": 503,
} as const;

export type Reason = keyof typeof STATUS;

export interface HttpErrorOptions extends ErrorOptions {
  /** Further members of the JSON answer, such as `line` and `column`. */
  details?: Record<string, unknown>;
}

export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly code: Reason;
  readonly details: Record<string, unknown>;

  constructor(code: Reason, message: string, options: HttpErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.details = options.details ?? {};
  }

  get status(): number {
    return STATUS[this.code];
  }
}
