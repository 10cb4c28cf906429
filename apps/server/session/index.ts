export { SessionError } from "./error.ts";
export { SessionRegistry } from "./registry.ts";
export type { Session } from "./session.ts";
