import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { encodeFrame, readFrame } from "./frames.ts";
import { Spool, type SpoolReader } from "./spool.ts";

const MiB = 1024 * 1024;

function makeSpool(firstKseq = 1): { spool: Spool; folder: string; errors: unknown[]; [Symbol.dispose](): void } {
  const folder = mkdtempSync("/tmp/opsbook-spool-");
  const errors: unknown[] = [];
  const spool = new Spool({ folder: join(folder, "k"), firstKseq, onError: (error) => errors.push(error) });
  return {
    ...{ spool, folder: join(folder, "k"), errors },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function fill(spool: Spool, count: number, bytes: number): void {
  for (let i = 0; i < count; i++) {
    spool.append((kseq) => encodeFrame({ kseq }, [Buffer.alloc(bytes, kseq % 251)]));
  }
}

async function readAll(reader: SpoolReader): Promise<number[]> {
  const seen: number[] = [];
  for (;;) {
    const records = await reader.next();
    if (records.length === 0) return seen;
    for (const record of records) {
      const { header, payload } = readFrame(record, 0);
      const { kseq } = header as { kseq: number };
      assert.ok(payload.every((byte) => byte === kseq % 251));
      seen.push(kseq);
    }
  }
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

test("[P9] what exceeds the window goes to disk and comes back in order, from any place", async () => {
  using made = makeSpool();
  const { spool, folder } = made;
  fill(spool, 400, 64 * 1024);
  assert.ok(readdirSync(folder).length >= 3, "several segments");
  assert.deepEqual(await readAll(spool.reader(0, () => {})), range(1, 400));
  assert.deepEqual(await readAll(spool.reader(57, () => {})), range(58, 400));
  assert.deepEqual(await readAll(spool.reader(399, () => {})), [400]);
  assert.deepEqual(await readAll(spool.reader(Number.MAX_SAFE_INTEGER, () => {})), []);
});

test("[P9] a reader goes on while more is written, across the border between disk and memory", async () => {
  using made = makeSpool();
  const { spool } = made;
  let woken = 0;
  const reader = spool.reader(0, () => {
    woken += 1;
  });
  const seen: number[] = [];
  for (let round = 0; round < 40; round++) {
    fill(spool, 13, 50_000);
    seen.push(...(await reader.next()).map((record) => (readFrame(record, 0).header as { kseq: number }).kseq));
  }
  seen.push(...(await readAll(reader)));
  assert.deepEqual(seen, range(1, 520));
  assert.equal(woken, 520);
});

test("[P9] a record larger than a reading step comes whole", async () => {
  using made = makeSpool();
  const { spool } = made;
  fill(spool, 1, 5 * MiB);
  fill(spool, 3, 10);
  fill(spool, 1, 3 * MiB);
  assert.deepEqual(await readAll(spool.reader(0, () => {})), [1, 2, 3, 4, 5]);
});

test("[P9] segments are deleted once acknowledged and read, not before", async () => {
  using made = makeSpool();
  const { spool, folder } = made;
  const slow = spool.reader(0, () => {});
  fill(spool, 400, 64 * 1024);
  const before = readdirSync(folder).length;
  spool.acknowledge(400);
  assert.equal(readdirSync(folder).length, before, "a reader still needs them");
  assert.deepEqual(await readAll(slow), range(1, 400));
  assert.deepEqual(readdirSync(folder), []);
  fill(spool, 10, 10);
  assert.deepEqual(await readAll(slow), range(401, 410));
});

test("acknowledged events are gone for those who come later; numbers go on from where they are told to", async () => {
  using made = makeSpool(1000);
  const { spool, folder } = made;
  fill(spool, 400, 64 * 1024);
  assert.equal(spool.last, 1399);
  spool.acknowledge(1399);
  assert.deepEqual(readdirSync(folder), []);
  fill(spool, 2, 1);
  const seen = await readAll(spool.reader(5, () => {}));
  assert.equal(seen.at(-1), 1401);
  assert.ok((seen[0] ?? 0) > 1000);
});

test("segments are for their owner only", () => {
  using made = makeSpool();
  fill(made.spool, 100, 64 * 1024);
  for (const file of readdirSync(made.folder)) {
    assert.equal(statSync(join(made.folder, file)).mode & 0o777, 0o600);
  }
  assert.equal(statSync(made.folder).mode & 0o777, 0o700);
});

test("[P3] a disk that takes no more loses nothing: it is tried again", async (t) => {
  using made = makeSpool();
  const { spool, folder, errors } = made;
  rmSync(folder, { recursive: true });
  fill(spool, 100, 64 * 1024);
  assert.ok(errors.length > 0);
  const { mkdirSync } = await import("node:fs");
  mkdirSync(folder, { mode: 0o700 });
  chmodSync(folder, 0o700);
  fill(spool, 100, 64 * 1024);
  assert.ok(readdirSync(folder).length > 0);
  assert.deepEqual(await readAll(spool.reader(0, () => {})), range(1, 200));
  t.diagnostic(`${errors.length} failed attempts`);
});
