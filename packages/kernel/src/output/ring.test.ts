import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { RingReader, RingWriter, ringMemory } from "./ring.ts";

function collect(reader: RingReader, passes: (mark: number) => boolean = () => true): string[] {
  const got: string[] = [];
  reader.drain(
    (tag, bytes) => got.push(`${tag}:${Buffer.from(bytes)}`),
    (mark) => {
      if (passes(mark)) got.push(`mark ${mark}`);
      return passes(mark);
    },
  );
  return got;
}

test("text keeps its tag and its place among marks", () => {
  const memory = ringMemory();
  const writer = new RingWriter(memory, () => {});
  const reader = new RingReader(memory);
  writer.write(2, "a");
  writer.write(2, "b€");
  writer.write(3, "c");
  writer.mark(1);
  writer.write(3, "d");
  writer.mark(2);
  writer.mark(3);
  assert.deepEqual(
    collect(reader, (mark) => mark < 2),
    ["2:ab€", "3:c", "mark 1", "3:d"],
  );
  assert.deepEqual(collect(reader), ["mark 2", "mark 3"]);
  assert.deepEqual(collect(reader), []);
});

test("the reader is woken once for what comes after it slept", () => {
  const memory = ringMemory();
  let woken = 0;
  const writer = new RingWriter(memory, () => woken++);
  const reader = new RingReader(memory);
  writer.write(2, "a");
  writer.write(2, "b");
  assert.equal(woken, 1);
  assert.equal(reader.sleep(), true, "it must not sleep over text");
  collect(reader);
  assert.equal(reader.sleep(), false);
  writer.write(2, "c");
  assert.equal(woken, 2);
});

test("a full ring stops the writer until another thread reads, and no byte is lost", async () => {
  const memory = ringMemory();
  const worker = new Worker(
    `const { workerData, parentPort } = require("node:worker_threads");
     import(workerData.url).then(({ RingReader }) => {
       const reader = new RingReader(workerData.memory);
       const hash = require("node:crypto").createHash("sha256");
       let total = 0, done = false;
       const look = () => {
         reader.drain((_tag, bytes) => { hash.update(bytes); total += bytes.length; }, () => { done = true; return true; });
         if (done) parentPort.postMessage({ total, hash: hash.digest("hex") }); else setImmediate(look);
       };
       look();
     });`,
    { eval: true, workerData: { memory, url: new URL("./ring.ts", import.meta.url).href } },
  );
  const answer = new Promise<unknown>((resolve) => worker.once("message", resolve));
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  const writer = new RingWriter(memory, () => {});
  let total = 0;
  for (let i = 0; i < 20_000; i++) {
    const text = i % 500 === 0 ? `${i}😀`.repeat(20_000) : `line ${i} é\n`;
    writer.write(i % 3, text);
    hash.update(text);
    total += Buffer.byteLength(text);
  }
  writer.mark(1);
  assert.ok(total > 4 * 1024 * 1024);
  assert.deepEqual(await answer, { total, hash: hash.digest("hex") });
  await worker.terminate();
});
