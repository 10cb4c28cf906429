/**
 * The shapes of Jupyter messages. Source: jupyter_client "Messaging in Jupyter", protocol 5.4.
 * This file and codec.ts load nothing but Node, so that a kernel's start does not pay for schemas.
 */

export const PROTOCOL_VERSION = "5.4";

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

export type Channel = "shell" | "control" | "iopub" | "stdin" | "hb";

export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  /** ISO 8601, as the sender wrote it. */
  date: string;
  version: string;
  subshell_id?: string | null;
}

/** The header of the message that caused this one; without keys when nothing did. */
export type ParentHeader = Partial<Header>;

export interface Message {
  header: Header;
  parent_header: ParentHeader;
  metadata: JsonObject;
  content: JsonObject;
  buffers: Uint8Array[];
}

export interface HeaderOptions {
  session: string;
  username?: string;
  msgId?: string;
}

export function newHeader(type: string, options: HeaderOptions): Header {
  return {
    msg_id: options.msgId ?? crypto.randomUUID(),
    msg_type: type,
    session: options.session,
    username: options.username ?? "opsbook",
    date: new Date().toISOString(),
    version: PROTOCOL_VERSION,
  };
}
