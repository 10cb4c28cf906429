import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteRing } from "./byte-ring.ts";

test("[P10] the ring holds the last bytes under their offsets, whatever the pieces", () => {
  const size = 1000;
  const ring = new ByteRing(size);
  let all = Buffer.alloc(0);
  for (const length of [0, 1, 999, 1, 500, 700, 2500, 3, 1000, 1001, 17]) {
    const piece = Buffer.from(Array.from({ length }, (_, i) => (all.length + i) % 251));
    ring.append(piece);
    all = Buffer.concat([all, piece]);
    assert.equal(ring.end, all.length);
    assert.equal(ring.start, Math.max(0, all.length - size));
    for (const from of [ring.start, Math.floor((ring.start + ring.end) / 2), ring.end]) {
      for (const max of [1, 333, 10_000]) assert.deepEqual(ring.read(from, max), all.subarray(from, from + max));
    }
  }
});
