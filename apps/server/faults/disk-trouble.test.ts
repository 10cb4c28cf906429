import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseNotebook } from "@opsbook/notebook";
import type { SaveStatus } from "@opsbook/notebook/session";
import type { TestClient } from "../session/testing/client.ts";
import { TEMP_PATTERN } from "../store/atomic-write.ts";
import { Person } from "./testing/person.ts";
import { makeScratch, NOTEBOOK, writeEmptyNotebook } from "./testing/real-server.ts";
import { makeSmallDisk } from "./testing/small-disk.ts";
import { trace, whyNoStrace } from "./testing/strace.ts";

const LONG = "x".repeat(200_000);

/** What a tab shows of saving, newest last. */
function statuses(client: TestClient): SaveStatus[] {
  return client.frames.flatMap((frame) => (frame.type === "save" || frame.type === "welcome" ? [frame.save] : []));
}

const hasFailed = (client: TestClient) => statuses(client).at(-1)?.state === "failed";

function cellsIn(root: string) {
  const parsed = parseNotebook(readFileSync(join(root, NOTEBOOK), "utf8"));
  assert.ok(parsed.ok);
  return parsed.notebook.cells;
}

const tempFiles = (folder: string) => readdirSync(folder).filter((name) => TEMP_PATTERN.test(name));

test("[P3] a full disk: the old file stays, the page is told, nothing more is accepted, and all is saved when there is space", {
  timeout: 180_000,
}, async (t) => {
  await using place = makeScratch();
  using disk = makeSmallDisk(place.folder);
  if (!disk) {
    t.skip("no tmpfs can be mounted here: that needs root");
    return;
  }
  const root = join(disk.folder, "served");
  mkdirSync(root, { mode: 0o700 });
  writeEmptyNotebook(root);
  await using scratch = makeScratch();
  const server = await scratch.start(root);
  const person = new Person();
  await person.connect(server);
  await person.add("before");
  await person.saved();
  const { ino } = statSync(join(root, NOTEBOOK));

  disk.fill();
  const { client } = person;
  const began = performance.now();
  const added = person.add(LONG);
  await client.until(() => hasFailed(client));
  t.diagnostic(`told after ${Math.round(performance.now() - began)} ms`);
  const told = statuses(client).at(-1);
  assert.match(told?.message ?? "", /ENOSPC|disk is full/);
  assert.match(told?.message ?? "", /free some space|Free some space/);
  assert.deepEqual(person.accepted.length, 1, "nothing is accepted that is not on disk");
  // Another page, and the same submission once more, learn the same.
  const other = await server.connect();
  assert.ok(hasFailed(other));
  // Who comes now is told of nothing that a power cut would take back, nor that it has been answered.
  const sources = (page: TestClient) => page.cells.map(({ source }) => source);
  assert.ok(sources(other).includes("before") && !sources(other).includes(LONG));
  const again = await server.connect(NOTEBOOK, person.clientId);
  const welcome = again.frames.findLast((frame) => frame.type === "welcome");
  assert.deepEqual([welcome?.lastClientSeq, sources(again).includes(LONG)], [1, false]);
  assert.equal(statSync(join(root, NOTEBOOK)).ino, ino);
  person.compare(cellsIn(root));
  assert.deepEqual([...tempFiles(root), ...foldersOf(root).flatMap(tempFiles)], []);

  disk.free();
  for (const page of [other, again]) await page.until(() => sources(page).includes(LONG));
  // The page that took this one's place is answered; nothing is there twice.
  await added;
  assert.ok(await person.connect(server));
  await person.saved();
  assert.equal(person.accepted.length, 2);
  person.compare(cellsIn(root));
  assert.equal(hasFailed(person.client), false);
  await server.kill();
  const next = await scratch.start(root);
  assert.ok(await person.connect(next));
  await next.stop();
});

/** The folders of sessions. */
function foldersOf(root: string): string[] {
  const sessions = join(root, ".opsbook", "sessions");
  return readdirSync(sessions).map((name) => join(sessions, name));
}

for (const { call, error } of [
  { call: "fsync", error: "EIO" },
  { call: "rename", error: "EIO" },
  { call: "fdatasync", error: "ENOSPC" },
]) {
  test(`[P3] ${error} from ${call}: told where the file cannot be saved, accepted only when it is on disk, tried again`, {
    timeout: 180_000,
  }, async (t) => {
    const reason = whyNoStrace();
    if (reason) {
      t.skip(reason);
      return;
    }
    await using scratch = makeScratch();
    const { root } = scratch;
    const server = await scratch.start(root, { env: { UV_THREADPOOL_SIZE: "1" } });
    const person = new Person();
    await person.connect(server);
    await person.add("before");
    await person.saved();
    const tracing = await trace(server.pid, scratch.folder, `${call}:error=${error}:when=1`);
    const { client } = person;
    const from = client.frames.length;
    assert.ok(await person.add("after"));
    assert.ok(cellsIn(root));
    await person.saved();
    assert.deepEqual(tempFiles(root), []);
    const told = client.frames.slice(from).flatMap((frame) => (frame.type === "save" ? [frame.save] : []));
    if (call !== "fdatasync")
      assert.ok(told.some(({ state, message }) => state === "failed" && message?.includes("EIO")));
    person.compare(cellsIn(root));
    assert.deepEqual(
      cellsIn(root).map(({ source }) => source),
      ["before", "after"],
    );
    await tracing.stop();
    assert.match(tracing.log(), /INJECTED/);
    await server.kill();
    assert.ok(await person.connect(await scratch.start(root)));
    assert.deepEqual(
      readdirSync(root).filter((name) => name.endsWith(".ipynb")),
      [NOTEBOOK],
    );
  });
}
