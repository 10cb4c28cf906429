import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeLoopDisk } from "./testing/loop-disk.ts";
import { cutPower } from "./testing/power-cuts.ts";
import { makeScratch } from "./testing/real-server.ts";

const NO_DISK = "no disk image can be mounted here: that needs root and loop devices";
const CUTS = process.env.OPSBOOK_FULL ? 100 : 5;

test("[P1] after a power cut every accepted edit and every saved output is there", {
  timeout: 1_800_000,
}, async (t) => {
  await using place = makeScratch();
  using disk = makeLoopDisk(place.folder);
  if (!disk) {
    t.skip(NO_DISK);
    return;
  }
  await using scratch = makeScratch();
  assert.deepEqual(await cutPower(disk, scratch, { cuts: CUTS, within: 1500 }), []);
});

test("[P1] the same test notices a server whose fsync does nothing", { timeout: 300_000 }, async (t) => {
  const library = findLibrary();
  if (!library) {
    t.skip("libeatmydata is not installed: apt-get install eatmydata");
    return;
  }
  await using place = makeScratch();
  using disk = makeLoopDisk(place.folder);
  if (!disk) {
    t.skip(NO_DISK);
    return;
  }
  await using scratch = makeScratch();
  const lost = await cutPower(disk, scratch, { cuts: 2, within: 300, env: { LD_PRELOAD: library } });
  assert.match(lost.join("\n"), /was accepted and is lost/);
});

function findLibrary(): string | undefined {
  const folders = ["/usr/lib", ...readdirSync("/usr/lib", { withFileTypes: true }).flatMap(nested)];
  return folders.map((folder) => join(folder, "libeatmydata.so.1")).find((file) => existsSync(file));
}

const nested = (entry: { name: string; isDirectory(): boolean }) =>
  entry.isDirectory() && entry.name.endsWith("-linux-gnu") ? [join("/usr/lib", entry.name)] : [];
