import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultRuntimeDir, ensurePrivateFolder } from "./folder.ts";
import { takeLock } from "./lock.ts";
import { identify } from "./process-table.ts";

function scratch(): { path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync("/tmp/opsbook-folder-");
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

test("[T18] the runtime folder is made for its owner only", () => {
  using at = scratch();
  const folder = join(at.path, "run");
  ensurePrivateFolder(folder);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  ensurePrivateFolder(folder);
});

test("[T18] a link, a file, an open folder and one of somebody else are refused", (t) => {
  using at = scratch();
  const { path } = at;
  mkdirSync(join(path, "real"), { mode: 0o700 });
  symlinkSync(join(path, "real"), join(path, "link"));
  writeFileSync(join(path, "file"), "");
  mkdirSync(join(path, "open"));
  chmodSync(join(path, "open"), 0o755);
  for (const name of ["link", "file", "open"]) {
    assert.throws(() => ensurePrivateFolder(join(path, name)), { code: "unsafe-folder" }, name);
  }
  if (process.getuid?.() !== 0) {
    t.diagnostic("a folder of another user needs root to make");
    return;
  }
  mkdirSync(join(path, "foreign"), { mode: 0o700 });
  chownSync(join(path, "foreign"), 65534, 65534);
  assert.throws(() => ensurePrivateFolder(join(path, "foreign")), { code: "unsafe-folder" });
});

test("the default lies in XDG_RUNTIME_DIR when that is ours and short enough, else in /tmp", () => {
  using at = scratch();
  const inTmp = defaultRuntimeDir("/srv/notes", {});
  assert.match(inTmp, /^\/tmp\/opsbook-\d+-[0-9a-f]{12}$/);
  assert.match(
    defaultRuntimeDir("/srv/notes", { XDG_RUNTIME_DIR: at.path }),
    /^\/tmp\/opsbook-folder-.*\/opsbook-[0-9a-f]{12}$/,
  );
  assert.notEqual(defaultRuntimeDir("/srv/other", {}), inTmp);
  chmodSync(at.path, 0o777);
  assert.equal(defaultRuntimeDir("/srv/notes", { XDG_RUNTIME_DIR: at.path }), inTmp);
  assert.equal(defaultRuntimeDir("/srv/notes", { XDG_RUNTIME_DIR: join(at.path, "missing") }), inTmp);
  assert.throws(() => ensurePrivateFolder(`/tmp/${"x".repeat(100)}`), { code: "path-too-long" });
});

test("a lock is held by the living, and taken over from the dead", async () => {
  using at = scratch();
  const lock = join(at.path, "lock");
  assert.ok(takeLock(lock));
  assert.ok(!takeLock(lock), "this process lives");
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const identity = identify(child.pid ?? 0);
  writeFileSync(lock, JSON.stringify(identity));
  assert.ok(!takeLock(lock));
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.ok(takeLock(lock));
  writeFileSync(lock, JSON.stringify({ ...identify(process.pid), startTicks: "1" }));
  assert.ok(takeLock(lock), "a later process of the same number is not the holder");
  assert.deepEqual(JSON.parse(readFileSync(lock, "utf8")), identify(process.pid));
  writeFileSync(lock, "half a f");
  assert.ok(takeLock(lock));
});
