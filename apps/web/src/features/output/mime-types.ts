import type { BlobRef, SessionDisplay } from "@opsbook/notebook/session";

export type { BlobRef };
export type MimeBundle = SessionDisplay["data"];
export type JsonValue = MimeBundle[string];
