import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { test } from "node:test";
import {
  decodeMessage,
  encodeMessage,
  JupyterError,
  type Message,
  messageFromJson,
  messageToJson,
  newHeader,
} from "./index.ts";

const KEY = "5ecret";

function sample(overrides: Partial<Message> = {}): Message {
  return {
    header: newHeader("execute_request", { session: "s1" }),
    parent_header: {},
    metadata: { deep: { list: [1, 2.5, null, "ü𝄞"] } },
    content: { code: "1 + 1\n" },
    buffers: [],
    ...overrides,
  };
}

function refused(code: string, run: () => unknown): void {
  assert.throws(run, (error) => error instanceof JupyterError && error.code === code);
}

test("[J1] what was encoded decodes to the same message, with its identities", () => {
  const message = sample({ parent_header: newHeader("x", { session: "s0" }), buffers: [randomBytes(10)] });
  const frames = [Buffer.from("me"), Buffer.from([0, 1]), ...encodeMessage(message, KEY)];
  const decoded = decodeMessage(frames, KEY);
  assert.deepEqual(decoded.message, message);
  assert.deepEqual(decoded.identities, [Buffer.from("me"), Buffer.from([0, 1])]);
});

test("[J2] the signature is the HMAC-SHA256 of the four JSON frames, in hex", () => {
  const [, signature, ...parts] = encodeMessage(sample(), KEY);
  const hmac = createHmac("sha256", KEY);
  for (const part of parts) hmac.update(part);
  assert.equal(signature?.toString(), hmac.digest("hex"));
});

test("[J3] one changed byte in any signed frame, a short, long or absent signature, or another key is refused", () => {
  const frames = encodeMessage(sample(), KEY);
  for (let i = 2; i < 6; i++) {
    const changed = frames.map((frame) => Buffer.from(frame));
    const frame = changed[i];
    assert.ok(frame);
    frame[frame.length - 1] = (frame[frame.length - 1] ?? 0) ^ 1;
    refused("bad-signature", () => decodeMessage(changed, KEY));
  }
  for (const signature of ["", "00", "0".repeat(64), "0".repeat(128), "ü".repeat(32)]) {
    refused("bad-signature", () => decodeMessage(frames.with(1, Buffer.from(signature)), KEY));
  }
  refused("bad-signature", () => decodeMessage(frames, "other"));
});

test("[J4] an empty key neither signs nor verifies", () => {
  const frames = encodeMessage(sample(), "");
  assert.equal(frames[1]?.length, 0);
  assert.equal(decodeMessage(frames, "").message.content.code, "1 + 1\n");
});

test("[J5] missing delimiter, missing parts, broken JSON and headers without id or type have their codes", () => {
  const frames = encodeMessage(sample(), "");
  refused("bad-frames", () => decodeMessage([], ""));
  refused("bad-frames", () => decodeMessage([Buffer.from("x")], ""));
  refused("bad-frames", () => decodeMessage(frames.slice(0, 5), ""));
  refused("bad-json", () => decodeMessage(frames.with(5, Buffer.from("{")), ""));
  refused("bad-json", () => decodeMessage(frames.with(5, Buffer.from("[]")), ""));
  refused("bad-header", () => decodeMessage(frames.with(2, Buffer.from('{"msg_id": 7}')), ""));
});

test("[J6] binary buffers are the bytes of their view, not of the memory behind it", () => {
  const memory = new Uint8Array([9, 9, 1, 2, 3, 9]);
  const message = sample({ buffers: [memory.subarray(2, 5)] });
  assert.deepEqual([...(decodeMessage(encodeMessage(message, KEY), KEY).message.buffers[0] ?? [])], [1, 2, 3]);
  assert.equal(messageToJson(message, "shell").buffers[0], "AQID");
});

test("[J7] the JSON form carries a message and its channel through JSON text unchanged", () => {
  const message = sample({ buffers: [Buffer.from([1, 2, 3])] });
  const back = messageFromJson(JSON.parse(JSON.stringify(messageToJson(message, "iopub"))));
  assert.deepEqual(back, { channel: "iopub", message });
});

test("[J8] the JSON form refuses what is not a message and forgives absent parts", () => {
  for (const bad of [
    null,
    1,
    {},
    { channel: "shell" },
    { channel: "x", header: {} },
    { channel: "shell", header: [] },
  ]) {
    refused("bad-json", () => messageFromJson(bad));
  }
  refused("bad-header", () => messageFromJson({ channel: "shell", header: {} }));
  const { message } = messageFromJson({ channel: "shell", header: { msg_id: "1", msg_type: "t" } });
  assert.deepEqual([message.content, message.parent_header, message.buffers], [{}, {}, []]);
});
