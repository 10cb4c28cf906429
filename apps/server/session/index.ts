export type { Identity } from "./connection.ts";
export { SessionError, type SessionErrorCode } from "./error.ts";
export { type RegistryOptions, SessionRegistry } from "./registry.ts";
export type { Session } from "./session.ts";
