import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TEMP_PATTERN } from "../store/atomic-write.ts";
import { trace, whyNoStrace } from "./testing/strace.ts";

const SAVER = fileURLToPath(new URL("testing/save-process.ts", import.meta.url));

/** Every system call that a save makes, and those it makes when it fails. */
const CALLS = ["openat", "statx", "fstat", "write", "pwrite64", "fchown", "fchmod", "fsync", "rename", "close"];

const OWNER = 12_345;
const AS_ROOT = process.getuid?.() === 0;

const versionOf = (n: number) => JSON.stringify({ version: n, text: "x".repeat(50_000) });

interface Place extends Disposable {
  folder: string;
  file: string;
}

function makePlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), "opsbook-save-"));
  const file = join(folder, "test.ipynb");
  writeFileSync(file, versionOf(0));
  chmodSync(file, 0o640);
  if (AS_ROOT) chownSync(file, OWNER, OWNER);
  return { folder, file, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Says "ready" when it can be told what to save. */
async function startSaver(file: string): Promise<{ child: ChildProcess; said(): Promise<string> }> {
  const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };
  const child = spawn(process.execPath, [SAVER, file], { env, stdio: ["pipe", "pipe", "ignore"] });
  child.stdin?.on("error", () => {});
  child.stdout?.setEncoding("utf8");
  const said = async () => {
    const ended = once(child, "exit").then(() => ["ended"]);
    const [text] = await Promise.race([once(child.stdout!, "data"), ended]);
    return String(text).trim();
  };
  assert.equal(await said(), "ready");
  return { child, said };
}

/** The file's version. Throws where it is not whole. */
function versionIn(file: string): number {
  const { version, text } = JSON.parse(readFileSync(file, "utf8")) as { version: number; text: string };
  assert.equal(text.length, 50_000);
  return version;
}

function checkModeAndOwner({ file }: Place): void {
  const { mode, uid, gid } = statSync(file);
  assert.equal(mode & 0o7777, 0o640);
  if (AS_ROOT) assert.deepEqual([uid, gid], [OWNER, OWNER]);
}

test("[P2] killed at each system call of a save, the file is whole, old or new, with its mode and owner", {
  timeout: 280_000,
}, async (t) => {
  const reason = whyNoStrace();
  if (reason) {
    t.skip(reason);
    return;
  }
  const deaths: Record<string, number> = {};
  const seen = new Set<number>();
  for (const call of CALLS)
    for (let n = 1; ; n++) {
      using place = makePlace();
      const { child, said } = await startSaver(place.file);
      const tracing = await trace(child.pid ?? 0, place.folder, `${call}:signal=KILL:when=${n}`);
      child.stdin?.write(`${versionOf(1)}\n`);
      const answer = await said();
      child.kill("SIGKILL");
      await tracing.ended;
      seen.add(versionIn(place.file));
      checkModeAndOwner(place);
      if (answer === "saved") break;
      deaths[call] = n;
    }
  t.diagnostic(JSON.stringify(deaths));
  assert.deepEqual([...seen].sort(), [0, 1]);
  for (const call of ["openat", "write", "fsync", "rename"]) assert.ok(deaths[call], `${call} is made`);
});

test("[P2] a failed fsync is not tried again on the same file: the next save writes a new one", async (t) => {
  const reason = whyNoStrace();
  if (reason) {
    t.skip(reason);
    return;
  }
  using place = makePlace();
  const { child, said } = await startSaver(place.file);
  const tracing = await trace(child.pid ?? 0, place.folder, "fsync:error=EIO:when=1");
  child.stdin?.write(`${versionOf(1)}\n`);
  assert.equal(await said(), "EIO");
  assert.equal(versionIn(place.file), 0);
  assert.deepEqual(
    readdirSync(place.folder).filter((name) => TEMP_PATTERN.test(name)),
    [],
  );
  child.stdin?.write(`${versionOf(2)}\n`);
  assert.equal(await said(), "saved");
  child.kill("SIGKILL");
  await tracing.ended;
  assert.equal(versionIn(place.file), 2);
  checkModeAndOwner(place);
  const synced = [...tracing.log().matchAll(/fsync\(\d+<([^>]*\.opsbook-tmp-[^>]*)>/g)].map(([, path]) => path);
  assert.equal(synced.length, 2);
  assert.notEqual(synced[0], synced[1]);
});

test("[P2] [part of 3.5-snapshots] killed in the middle of saving again and again, the file is always whole", {
  timeout: 280_000,
}, async () => {
  const kills = process.env.OPSBOOK_FULL ? 200 : 20;
  using place = makePlace();
  let next = 1;
  for (let kill = 0; kill < kills; kill++) {
    const { child } = await startSaver(place.file);
    const ended = once(child, "exit");
    const first = next;
    for (; next < first + 400; next++) child.stdin?.write(`${versionOf(next)}\n`);
    await Promise.race([once(child.stdout!, "data"), ended]);
    await wait(Math.random() * 40);
    child.kill("SIGKILL");
    await ended;
    const version = versionIn(place.file);
    assert.ok(version >= first && version < next, "what was said to be saved is");
    checkModeAndOwner(place);
  }
});
