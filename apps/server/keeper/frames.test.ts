import assert from "node:assert/strict";
import { test } from "node:test";
import { newHeader } from "@opsbook/jupyter";
import { KeeperError } from "./error.ts";
import { encodeFrame, FrameReader } from "./frames.ts";
import { decodeRecords, encodeRecord, type KernelEvent } from "./records.ts";

test("frames come out whole however the stream is chopped up", () => {
  const frames = [
    { header: { type: "a", text: "späť" }, payload: Buffer.alloc(0) },
    { header: { type: "b" }, payload: Buffer.from([0, 255, 1]) },
    { header: { type: "c" }, payload: Buffer.alloc(70_000, 7) },
  ];
  const stream = Buffer.concat(frames.map(({ header, payload }) => encodeFrame(header, [payload])));
  for (const step of [1, 3, 11, 4096, stream.length]) {
    const seen: unknown[] = [];
    const reader = new FrameReader(({ header, payload }) => seen.push({ header, payload: Buffer.from(payload) }));
    for (let at = 0; at < stream.length; at += step) reader.push(stream.subarray(at, at + step));
    assert.deepEqual(seen, frames);
  }
});

test("a stream out of step is refused before memory is given to it", () => {
  const reader = new FrameReader(() => assert.fail("no frame"));
  assert.throws(() => reader.push(Buffer.alloc(8, 0xff)), { code: "bad-frame" });
});

test("records keep messages with their buffers, and every other event", () => {
  const message = {
    header: newHeader("display_data", { session: "s" }),
    parent_header: newHeader("execute_request", { session: "s", msgId: "run-1" }),
    metadata: {},
    content: { data: { "text/plain": "naïve" }, metadata: {} },
    buffers: [Buffer.from([1, 2, 3]), Buffer.alloc(0)],
  };
  const events: KernelEvent[] = [
    { type: "message", kseq: 1, channel: "iopub", message },
    { type: "ready", kseq: 2 },
    { type: "exited", kseq: 3, code: null, signal: "SIGKILL", cause: "killed", stderr: "last\n", expected: false },
  ];
  const data = Buffer.concat(events.map(encodeRecord));
  assert.deepEqual(decodeRecords(data), events);
  assert.throws(() => decodeRecords(data.subarray(0, data.length - 1)), KeeperError);
});
