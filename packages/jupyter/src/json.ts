import { z } from "zod";
import { readHeader, readParent } from "./codec.ts";
import { JupyterError } from "./error.ts";
import type { Channel, JsonObject, Message } from "./message.ts";

const object = z.record(z.string(), z.json());

/** A message as one JSON object, the form Jupyter Server's default WebSocket protocol and our keeper carry. */
export const jsonMessageSchema = z.looseObject({
  channel: z.enum(["shell", "control", "iopub", "stdin", "hb"]),
  header: object,
  parent_header: object.nullish(),
  metadata: object.nullish(),
  content: object.nullish(),
  buffers: z.array(z.base64()).nullish(),
});

export interface JsonMessage {
  channel: Channel;
  header: JsonObject;
  parent_header: JsonObject;
  metadata: JsonObject;
  content: JsonObject;
  /** base64 */
  buffers: string[];
}

export function messageToJson(message: Message, channel: Channel): JsonMessage {
  return {
    channel,
    header: { ...message.header },
    parent_header: { ...message.parent_header },
    metadata: message.metadata,
    content: message.content,
    buffers: message.buffers.map((b) => Buffer.from(b.buffer, b.byteOffset, b.byteLength).toString("base64")),
  };
}

export function messageFromJson(value: unknown): { channel: Channel; message: Message } {
  const parsed = jsonMessageSchema.safeParse(value);
  if (!parsed.success) {
    throw new JupyterError("bad-json", `Not a message: ${z.prettifyError(parsed.error)}`, { cause: parsed.error });
  }
  const { channel, header, parent_header, metadata, content, buffers } = parsed.data;
  return {
    channel,
    message: {
      header: readHeader(header),
      parent_header: readParent(parent_header ?? {}),
      metadata: metadata ?? {},
      content: content ?? {},
      buffers: (buffers ?? []).map((text) => Buffer.from(text, "base64")),
    },
  };
}
