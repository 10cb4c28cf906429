import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DiskGuard } from "./disk-guard.ts";
import { Spools } from "./spools.ts";

test("a nearly full disk: the text stops with a note, how much was lost is told, and it goes on when there is room", () => {
  const folder = mkdtempSync(join(tmpdir(), "opsbook-guard-"));
  try {
    let free = 1e12;
    const big = "#".repeat(9_000_000);
    const spools = new Spools(folder, new DiskGuard(() => free));
    const id = randomUUID();
    spools.create(id);
    spools.append(id, "first\n");
    free = 1e6;
    // So much text is reason to look at the disk.
    spools.append(id, big);
    spools.append(id, "lost\n");
    free = 1e12;
    spools.append(id, big.slice(1));
    const end = spools.close(id)!;
    const text = readFileSync(spools.file(id), "utf8");
    assert.equal(
      text.replace(/#+/g, "YYY"),
      "first\n\n[opsbook: the disk is nearly full; what is printed from here on is not kept]\n[opsbook: 9,000,005 bytes were not kept]\nYYY",
    );
    assert.equal(end.bytes, Buffer.byteLength(text));
    const other = randomUUID();
    spools.create(other);
    free = 1e6;
    spools.append(other, big);
    const closed = spools.close(other)!;
    assert.match(
      readFileSync(spools.file(other), "utf8"),
      /nearly full.*\n\[opsbook: 9,000,000 bytes were not kept\]\n$/,
    );
    assert.equal(closed.lines, 3);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
