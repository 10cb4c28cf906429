import { createHmac, timingSafeEqual } from "node:crypto";
import { JupyterError } from "./error.ts";
import type { Header, JsonObject, Message, ParentHeader } from "./message.ts";

export { JupyterError } from "./error.ts";
export * from "./message.ts";

const DELIMITER = Buffer.from("<IDS|MSG>");

/** Longest signature we compare, in bytes of hex; a longer frame is refused before any work is done on it. */
const SIGNATURE_LENGTH = 64;

export interface Decoded {
  /** Routing frames before the delimiter: who asked (ROUTER) or the topic (PUB). */
  identities: Buffer[];
  message: Message;
}

/** Frames after the routing identities: delimiter, signature, header, parent, metadata, content, buffers. */
export function encodeMessage(message: Message, key: string): Buffer[] {
  const parts = [message.header, message.parent_header, message.metadata, message.content].map((part) =>
    Buffer.from(JSON.stringify(part)),
  );
  const frames: Buffer[] = [DELIMITER, Buffer.from(sign(parts, key)), ...parts];
  for (const buffer of message.buffers) {
    frames.push(Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength));
  }
  return frames;
}

/** An empty key means that the connection does not sign: its messages are taken as they come. */
export function decodeMessage(frames: readonly Uint8Array[], key: string): Decoded {
  const buffers = frames.map(asBuffer);
  const at = buffers.findIndex((frame) => frame.equals(DELIMITER));
  if (at < 0) throw new JupyterError("bad-frames", "The message has no <IDS|MSG> delimiter.");
  const [signature, header, parent, metadata, content] = buffers.slice(at + 1, at + 6);
  if (!signature || !header || !parent || !metadata || !content) {
    throw new JupyterError("bad-frames", `The message has ${buffers.length - at - 1} of 5 parts after its delimiter.`);
  }
  if (key !== "") verify(signature, sign([header, parent, metadata, content], key));
  return {
    identities: buffers.slice(0, at),
    message: {
      header: readHeader(parseObject(header, "header")),
      parent_header: readParent(parseObject(parent, "parent_header")),
      metadata: parseObject(metadata, "metadata"),
      content: parseObject(content, "content"),
      buffers: buffers.slice(at + 6),
    },
  };
}

function sign(parts: readonly Buffer[], key: string): string {
  if (key === "") return "";
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

function verify(given: Buffer, wanted: string): void {
  const expected = Buffer.from(wanted);
  if (given.length !== SIGNATURE_LENGTH || !timingSafeEqual(given, expected)) {
    throw new JupyterError("bad-signature", "The message's signature does not match the connection's key.");
  }
}

function asBuffer(frame: Uint8Array): Buffer {
  return Buffer.isBuffer(frame) ? frame : Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
}

function parseObject(frame: Buffer, part: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(frame.toString("utf8"));
  } catch (cause) {
    throw new JupyterError("bad-json", `The message's ${part} is not JSON.`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new JupyterError("bad-json", `The message's ${part} is not a JSON object.`);
  }
  // JSON.parse yields JSON values only, and the check above leaves objects.
  return value as JsonObject;
}

/** Kernels differ in what they leave out: only the two fields that nothing works without are demanded. */
export function readHeader(raw: JsonObject): Header {
  const { msg_id, msg_type } = raw;
  if (typeof msg_id !== "string" || typeof msg_type !== "string") {
    throw new JupyterError("bad-header", "The message's header lacks msg_id or msg_type.");
  }
  return {
    ...raw,
    msg_id,
    msg_type,
    session: text(raw.session),
    username: text(raw.username),
    date: text(raw.date),
    version: text(raw.version),
  };
}

export function readParent(raw: JsonObject): ParentHeader {
  return typeof raw.msg_id === "string" && typeof raw.msg_type === "string" ? readHeader(raw) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
