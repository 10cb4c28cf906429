import type { Channel, Message } from "@opsbook/jupyter";
import { decodeMessage, encodeMessage, messageFromJson, messageToJson } from "@opsbook/jupyter";
import { z } from "zod";

/** Jupyter Server, "WebSocket kernel wire protocols": the newer of the two, agreed on as a subprotocol. */
export const V1_SUBPROTOCOL = "v1.kernel.websocket.jupyter.org";

export type KernelChannel = Exclude<Channel, "hb">;

export interface ChannelMessage {
  channel: KernelChannel;
  message: Message;
}

const channelSchema = z.enum(["shell", "control", "stdin", "iopub"]);
/** The lengths before a message are 64-bit in v1 and 32-bit in the older form. */
const WORD = 8;
const HALF = 4;

/** v1: number of offsets, the offsets, channel, four JSON parts, buffers. Little endian. */
export function encodeV1({ channel, message }: ChannelMessage): Buffer {
  const [, , ...parts] = encodeMessage(message, "");
  const pieces = [Buffer.from(channel), ...parts];
  const count = pieces.length + 1;
  const head = Buffer.alloc(WORD * (count + 1));
  head.writeBigUInt64LE(BigInt(count), 0);
  let offset = head.length;
  for (let i = 0; i < count; i += 1) {
    head.writeBigUInt64LE(BigInt(offset), WORD * (i + 1));
    offset += pieces[i]?.length ?? 0;
  }
  return Buffer.concat([head, ...pieces]);
}

/** Throws on anything that is no v1 message. */
export function decodeV1(data: Buffer): ChannelMessage {
  const count = Number(data.readBigUInt64LE(0));
  // Channel, four parts, and the end: fewer is no message, and no message has more offsets than it has room for.
  if (count < 6 || count > data.length / WORD) throw new RangeError("offsets");
  const offsets = Array.from({ length: count }, (_, i) => Number(data.readBigUInt64LE(WORD * (i + 1))));
  const pieces = offsets.slice(1).map((end, i) => {
    const start = offsets[i] as number;
    if (start > end || end > data.length) throw new RangeError("offsets");
    return data.subarray(start, end);
  });
  const [channel, ...parts] = pieces;
  const frames = [Buffer.from("<IDS|MSG>"), Buffer.alloc(0), ...parts];
  return { channel: channelSchema.parse(channel?.toString("utf8")), message: decodeMessage(frames, "").message };
}

/** The older form: JSON text, or binary when there are buffers (32-bit big endian offsets, JSON, buffers). */
export function encodeLegacy({ channel, message }: ChannelMessage): string | Buffer {
  const { msg_id, msg_type } = message.header;
  // Jupyter repeats these two on the outside, and clients read them there.
  const json = JSON.stringify({ ...messageToJson({ ...message, buffers: [] }, channel), msg_id, msg_type });
  if (message.buffers.length === 0) return json;
  const pieces = [Buffer.from(json), ...message.buffers.map((one) => Buffer.from(one))];
  const head = Buffer.alloc(HALF * (pieces.length + 1));
  head.writeUInt32BE(pieces.length, 0);
  let offset = head.length;
  for (const [i, piece] of pieces.entries()) {
    head.writeUInt32BE(offset, HALF * (i + 1));
    offset += piece.length;
  }
  return Buffer.concat([head, ...pieces]);
}

/** Throws on anything that is no message. */
export function decodeLegacy(data: Buffer, isBinary: boolean): ChannelMessage {
  if (!isBinary) return fromJson(data, []);
  const count = data.readUInt32BE(0);
  if (count < 1 || count > data.length / HALF) throw new RangeError("offsets");
  const offsets = Array.from({ length: count }, (_, i) => data.readUInt32BE(HALF * (i + 1)));
  const pieces = offsets.map((start, i) => {
    const end = offsets[i + 1] ?? data.length;
    if (start > end || end > data.length) throw new RangeError("offsets");
    return data.subarray(start, end);
  });
  return fromJson(pieces[0] as Buffer, pieces.slice(1));
}

function fromJson(text: Buffer, buffers: Buffer[]): ChannelMessage {
  // Jupyter's own gateway client leaves the channel out and means the shell.
  const json = z.looseObject({ channel: z.unknown().default("shell") }).parse(JSON.parse(text.toString("utf8")));
  const { channel, message } = messageFromJson(json);
  return { channel: channelSchema.parse(channel), message: { ...message, buffers } };
}
