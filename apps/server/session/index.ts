export { SessionError } from "./error.ts";
export { isHostMessage } from "./host-channel.ts";
export { type CheckpointSettings, SessionRegistry } from "./registry.ts";
export type { Session } from "./session.ts";
export { isVersionName } from "./versions.ts";
