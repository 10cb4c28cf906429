/** What a kernel did, in order: the records of its spool, read and written by keeper and server alike. */
import { decodeMessage, encodeMessage, type Message } from "@opsbook/jupyter";
import { z } from "zod";
import { KeeperError } from "./error.ts";
import { encodeFrame, frameLength, readFrame } from "./frames.ts";

const kseq = z.int().min(1);
const channel = z.enum(["shell", "control", "iopub", "stdin"]);

const recordHeaderSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("message"), kseq, channel, parts: z.array(z.int().min(0)) }),
  z.object({ type: z.literal("ready"), kseq }),
  z.object({
    type: z.literal("exited"),
    kseq,
    code: z.int().nullable(),
    signal: z.string().nullable(),
    cause: z.string(),
    stderr: z.string(),
    expected: z.boolean(),
  }),
]);

type RecordChannel = z.output<typeof channel>;

export type KernelEvent =
  | { type: "message"; kseq: number; channel: RecordChannel; message: Message }
  | { type: "ready"; kseq: number }
  | {
      type: "exited";
      kseq: number;
      code: number | null;
      /** Name of the signal that ended the process, such as `SIGKILL`. */
      signal: string | null;
      /** Why, in words for a person. */
      cause: string;
      /** The last lines the process wrote to its standard output and error. */
      stderr: string;
      /** Whether somebody asked for it: a restart or a shutdown. */
      expected: boolean;
    };

/** A message as the parts that a frame's payload holds one after the other, and their lengths. */
export function packMessage(message: Message): { parts: number[]; payload: Buffer[] } {
  const payload = encodeMessage(message, "");
  return { parts: payload.map((part) => part.length), payload };
}

export function unpackMessage(parts: readonly number[], payload: Buffer): Message {
  const frames: Buffer[] = [];
  let offset = 0;
  for (const length of parts) {
    frames.push(payload.subarray(offset, offset + length));
    offset += length;
  }
  if (offset !== payload.length) throw new KeeperError("bad-frame", "A message's parts do not add up to its payload.");
  return decodeMessage(frames, "").message;
}

export function encodeRecord(event: KernelEvent): Buffer {
  if (event.type !== "message") return encodeFrame(event);
  const { parts, payload } = packMessage(event.message);
  return encodeFrame({ type: "message", kseq: event.kseq, channel: event.channel, parts }, payload);
}

export function decodeRecords(data: Buffer): KernelEvent[] {
  const events: KernelEvent[] = [];
  for (let offset = 0; offset < data.length; ) {
    const length = frameLength(data, offset);
    if (length === 0 || offset + length > data.length) throw new KeeperError("bad-frame", "A record is cut short.");
    const { header, payload } = readFrame(data, offset);
    const parsed = recordHeaderSchema.safeParse(header);
    if (!parsed.success) throw new KeeperError("bad-frame", "A record has no valid header.", { cause: parsed.error });
    const record = parsed.data;
    if (record.type !== "message") events.push(record);
    else {
      const message = unpackMessage(record.parts, payload);
      events.push({ type: "message", kseq: record.kseq, channel: record.channel, message });
    }
    offset += length;
  }
  return events;
}
