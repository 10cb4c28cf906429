/**
 * Frames: u32 BE length of the header, u32 BE length of the payload, the header as JSON, the payload as raw bytes.
 * The same form carries requests and events over the socket and records inside a spool's segments.
 */
import type { Socket } from "node:net";
import { KeeperError } from "./error.ts";

export interface Frame {
  header: unknown;
  payload: Buffer;
}

const PREFIX_BYTES = 8;

/** Headers are small; a longer one means that the stream is not ours or out of step. Bytes. */
const MAX_HEADER = 4 * 1024 * 1024;

/** One message of a kernel travels whole, so this is the largest output of a kernel in one piece. Bytes. */
const MAX_PAYLOAD = 1024 * 1024 * 1024;

const EMPTY = Buffer.alloc(0);

/** Prefix and header of a frame; the payload is written after it, uncopied. */
function encodeHead(header: object, payloadBytes: number): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const head = Buffer.allocUnsafe(PREFIX_BYTES + json.length);
  head.writeUInt32BE(json.length, 0);
  head.writeUInt32BE(payloadBytes, 4);
  json.copy(head, PREFIX_BYTES);
  return head;
}

export function encodeFrame(header: object, payload: readonly Uint8Array[] = []): Buffer {
  const bytes = payload.reduce((sum, part) => sum + part.byteLength, 0);
  return Buffer.concat([encodeHead(header, bytes), ...payload]);
}

/** Length of the frame that begins at `offset`, prefix included, or 0 when its prefix is not whole. */
export function frameLength(data: Buffer, offset: number): number {
  if (data.length - offset < PREFIX_BYTES) return 0;
  const header = data.readUInt32BE(offset);
  const payload = data.readUInt32BE(offset + 4);
  if (header > MAX_HEADER || payload > MAX_PAYLOAD) {
    throw new KeeperError("bad-frame", `A frame announces ${header} + ${payload} bytes: the stream is out of step.`);
  }
  return PREFIX_BYTES + header + payload;
}

/** Reads the whole frame at `offset`; the payload is a view of `data`. */
export function readFrame(data: Buffer, offset: number): Frame {
  const headerBytes = data.readUInt32BE(offset);
  const payloadBytes = data.readUInt32BE(offset + 4);
  const start = offset + PREFIX_BYTES;
  let header: unknown;
  try {
    header = JSON.parse(data.toString("utf8", start, start + headerBytes));
  } catch (cause) {
    throw new KeeperError("bad-frame", "A frame's header is not JSON.", { cause });
  }
  return { header, payload: data.subarray(start + headerBytes, start + headerBytes + payloadBytes) };
}

/** Cuts a byte stream into frames. Each byte is copied at most once, however it was chopped up. */
export class FrameReader {
  readonly #onFrame: (frame: Frame) => void;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #needed = PREFIX_BYTES;

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needed) return;
    const data = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    let offset = 0;
    for (;;) {
      const length = frameLength(data, offset);
      if (length === 0 || data.length - offset < length) {
        this.#needed = length === 0 ? PREFIX_BYTES : length;
        break;
      }
      this.#onFrame(readFrame(data, offset));
      offset += length;
    }
    const rest = offset === data.length ? EMPTY : data.subarray(offset);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
  }
}

/** One frame in one go; nothing where the other side is gone. */
export function writeFrame(socket: Socket, header: object, payload: readonly Buffer[]): void {
  if (!socket.writable) return;
  socket.cork();
  socket.write(
    encodeHead(
      header,
      payload.reduce((sum, part) => sum + part.length, 0),
    ),
  );
  for (const part of payload) if (part.length > 0) socket.write(part);
  socket.uncork();
}
