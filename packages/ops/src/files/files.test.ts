import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtempDisposable, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { displaySymbol } from "../core/display.ts";
import { GuardError } from "../core/guard.ts";
import { rejection } from "../core/machine.contract.ts";
import { sh } from "../sh/sh.ts";
import { FilesError, files } from "./index.ts";
import { formatPermissions, parseMode } from "./mode.ts";

const folder = () => mkdtempDisposable(join(tmpdir(), "opsbook-files-"));

describe("local files", () => {
  test("[part of 4.1-atomic] a writer killed at any moment leaves the old content or the new one", async () => {
    await using place = await folder();
    const path = join(place.path, "important");
    for (let turn = 0; turn < 12; turn += 1) {
      const writer = spawn(process.execPath, [join(import.meta.dirname, "testing-writer.ts"), path]);
      await once(writer.stdout, "data");
      // Different moments of a write that takes about two milliseconds.
      await new Promise((resolve) => setTimeout(resolve, turn % 7));
      writer.kill("SIGKILL");
      await once(writer, "exit");
      const [first, body, last] = readFileSync(path, "utf8").split("\n");
      assert.equal(first, last);
      assert.equal(body?.length, 300_000);
    }
  });

  test("[part of 4.1-atomic] what killed writers left is swept, what is young is not touched", async () => {
    await using place = await folder();
    const old = join(place.path, ".a.0123456789ab.opsbook-tmp");
    const young = join(place.path, ".b.0123456789ab.opsbook-tmp");
    await writeFile(old, "x");
    await writeFile(young, "x");
    await utimes(old, new Date(0), new Date(0));
    await files.write(join(place.path, "c"), "y");
    assert.deepEqual(readdirSync(place.path).sort(), [".b.0123456789ab.opsbook-tmp", "c"]);
  });

  test("[part of 4.1-atomic] owner and group are kept", {
    skip: process.getuid?.() === 0 ? false : "needs root",
  }, async () => {
    await using place = await folder();
    const path = join(place.path, "owned");
    await files.write(path, "one", { mode: "0640" });
    await sh`chown 1234:2345 ${path}`;
    await files.write(path, "two");
    assert.equal(await sh`stat -c ${"%u %g %a"} ${path}`.text(), "1234 2345 640\n");
  });

  test("[part of 4.1-atomic] temp, write, fsync, rename and fsync of the folder come in this order", async (context) => {
    if ((await sh`strace -V`.nothrow()).code !== 0) return context.skip("needs strace");
    await using place = await folder();
    const path = join(place.path, "traced");
    const module = new URL("./index.ts", import.meta.url).href;
    const script = `const { files } = await import(${JSON.stringify(module)}); await files.write(${JSON.stringify(path)}, "content-of-test");`;
    const calls = "trace=openat,write,pwrite64,fsync,rename,renameat,renameat2";
    const trace = join(place.path, "strace");
    await sh`strace -f -e ${calls} -o ${trace} ${process.execPath} --input-type=module -e ${script}`;
    const steps = (await files.lines(trace)).flatMap((line) => {
      if (/openat\(.*opsbook-tmp.*O_EXCL/.test(line)) return ["create"];
      if (line.includes("content-of-test") && /p?write/.test(line) && !/openat|execve/.test(line)) return ["write"];
      if (/fsync\(/.test(line)) return ["fsync"];
      return /rename/.test(line) ? ["rename"] : [];
    });
    assert.deepEqual(steps, ["create", "write", "fsync", "rename", "fsync"]);
  });

  test("[part of 4.1-lines] a 2 GB log is read by line in little memory", async () => {
    await using place = await folder();
    const path = join(place.path, "sparse");
    await writeFile(path, "first\n");
    await truncate(path, 2 * 1024 ** 3);
    const before = process.memoryUsage.rss();
    const stop = new AbortController();
    let first = "";
    const reading = (async () => {
      for await (const line of files.lines(path, { signal: stop.signal })) {
        first = line;
        stop.abort();
      }
    })();
    // Behind the first line come nothing but zeros: one endless line, which is given up at the next chunk.
    assert.equal((await rejection(reading, FilesError)).code, "aborted");
    assert.equal(first, "first");
    assert.ok(process.memoryUsage.rss() - before < 200_000_000);
    assert.equal((await rejection(files.text(path), FilesError)).code, "too-large");
  });

  test("[part of 4.1-binary] the first bytes of a file, and of one that says it is empty", async () => {
    assert.deepEqual([...(await files.head(process.execPath, 4))], [0x7f, 0x45, 0x4c, 0x46]);
    assert.match(await files.text("/proc/self/status"), /^Name:/);
    assert.equal((await files.head("/etc/hostname", 100_000)).length, (await files.bytes("/etc/hostname")).length);
  });

  test("[part of 4.1-meta] times have names that say what they are", async () => {
    await using place = await folder();
    const path = join(place.path, "a");
    await files.write(path, "x");
    const before = await files.stat(path);
    await new Promise((resolve) => setTimeout(resolve, 15));
    await files.chmod(path, "0600");
    const after = await files.stat(path);
    assert.deepEqual([after.modified, after.accessed, after.born], [before.modified, before.accessed, before.born]);
    assert.ok(Number(after.inodeChanged) > Number(before.inodeChanged));
    assert.equal("created" in after, false);
  });

  test("[part of 4.1-atomic] a folder, a device and an empty path are refused with their reason", async () => {
    await using place = await folder();
    const code = async (call: Promise<unknown>) => (await rejection(call, FilesError)).code;
    assert.equal(await code(files.write(place.path, "x")), "is-a-folder");
    assert.equal(await code(files.write("/dev/null", "x")), "not-a-file");
    assert.equal(await code(files.write(join(place.path, "no/such/a"), "x")), "not-found");
    assert.equal(await code((async () => files.text(""))()), "invalid-path");
    assert.equal(await code(files.text("/etc/hostname", { signal: AbortSignal.abort() })), "aborted");
    assert.equal(await code(files.bytes("/etc/passwd/x")), "not-a-folder");
  });

  test("[part of 4.1-meta] a listing shows as a table", async () => {
    const listing = await files.list(import.meta.dirname);
    const show: unknown = Reflect.get(listing, displaySymbol);
    assert.ok(typeof show === "function");
    const bundle = show.call(listing) as Record<string, { data: { name: string }[] }>;
    const rows = bundle["application/vnd.dataresource+json"]?.data ?? [];
    assert.deepEqual(
      rows.map((row) => row.name),
      listing.map((entry) => entry.name),
    );
    assert.match(String(bundle["text/plain"]), /^name +kind +size +permissions/);
  });
});

describe("modes", () => {
  test("[9.6-chmod] texts are understood as chmod does, everything else refused", () => {
    const valid = { "0644": 0o644, "755": 0o755, "4755": 0o4755, "u=rw,go=r": 0o644, "a=r,u=rwx": 0o744, "u=,go=": 0 };
    for (const [text, bits] of Object.entries(valid)) assert.equal(parseMode(text), bits, text);
    for (const text of ["", "9", "0888", "rw-r--r--", "u+x", "64"])
      assert.throws(() => parseMode(text), TypeError, text);
    assert.throws(() => parseMode(644 as never), GuardError);
    assert.equal(formatPermissions(0o100644), "-rw-r--r--");
    assert.equal(formatPermissions(0o041777), "drwxrwxrwt");
  });

  test("[9.6-chmod] a number is a type error", () => {
    // @ts-expect-error: modes are texts
    assert.throws(() => files.chmod("/nonexistent", 644), GuardError);
  });
});
