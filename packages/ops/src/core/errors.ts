import { redact } from "./secret.ts";

/**
 * What every error class of the library has in common: a message without secrets that says what to do, a `code`
 * from a closed list and the cause.
 */
export abstract class OpsError<Code extends string> extends Error {
  abstract readonly code: Code;

  constructor(message: string, cause?: unknown) {
    super(redact(message), cause === undefined ? undefined : { cause });
    Object.defineProperty(this, "name", { value: new.target.name, configurable: true });
  }
}

/** The `code` of a Node system error, for instance `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For the end of an exhaustive `switch`. */
export function assertNever(value: never): never {
  throw new TypeError(`not expected here: ${JSON.stringify(value)}`);
}
