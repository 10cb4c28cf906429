import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtempDisposable, open, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { displaySymbol } from "../core/display.ts";
import { GuardError } from "../core/guard.ts";
import { python, rejection } from "../core/testing.ts";
import { sh } from "../sh/sh.ts";
import { FilesError, files } from "./index.ts";
import { formatPermissions, parseMode } from "./mode.ts";

const folder = () => mkdtempDisposable(join(tmpdir(), "opsbook-files-"));

describe("local files", () => {
  test("[4.1-atomic] writers killed in the middle of more than 500 writes leave the old content or the new one", async () => {
    await using place = await folder();
    const path = join(place.path, "deep/er/important");
    let writes = 0;
    for (let turn = 0; writes < 500; turn += 1) {
      const writer = spawn(process.execPath, [join(import.meta.dirname, "testing-writer.ts"), path]);
      // A different write each time, and somewhere in it.
      const last = 20 + (turn % 7);
      await new Promise<void>((resolve) => {
        writer.stdout.setEncoding("utf8").on("data", (text: string) => {
          if (Number(text.trimEnd().split("\n").at(-1)) >= last) resolve();
        });
      });
      writer.kill("SIGKILL");
      await once(writer, "exit");
      const [first, body, end] = readFileSync(path, "utf8").split("\n");
      assert.equal(first, end);
      assert.equal(body?.length, 300_000);
      writes += Number(first) + 1;
    }
  });

  test("[4.1-atomic] what killed writers left is swept, what is young is not touched", async () => {
    await using place = await folder();
    const old = join(place.path, ".a.0123456789ab.opsbook-tmp");
    const young = join(place.path, ".b.0123456789ab.opsbook-tmp");
    await writeFile(old, "x");
    await writeFile(young, "x");
    await utimes(old, new Date(0), new Date(0));
    await files.write(join(place.path, "c"), "y");
    assert.deepEqual(readdirSync(place.path).sort(), [".b.0123456789ab.opsbook-tmp", "c"]);
  });

  test("[4.1-atomic] owner and group are kept", {
    skip: process.getuid?.() === 0 ? false : "needs root",
  }, async () => {
    await using place = await folder();
    const path = join(place.path, "owned");
    await files.write(path, "one", { mode: "0640" });
    await sh`chown 1234:2345 ${path}`;
    await files.write(path, "two");
    assert.equal(await sh`stat -c ${"%u %g %a"} ${path}`.text(), "1234 2345 640\n");
  });

  test("[4.1-atomic] temp, write, fsync, rename and fsync of the folder come in this order", async (context) => {
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

  test("[4.1-lines] a 2 GB log is read by line under a heap of 200 MB, its handle gone afterwards", async () => {
    await using place = await folder();
    const path = join(place.path, "sparse");
    const log = await open(path, "w");
    // A line's end every 8 MB of nothing, and a last line.
    for (let at = 1; at <= 255; at += 1) await log.write("\n", at * 8 * 1024 ** 2);
    await log.write("last", 2 * 1024 ** 3);
    await log.close();
    const module = new URL("./index.ts", import.meta.url).href;
    const script = `
      import { readdirSync, readlinkSync } from "node:fs";
      const { files } = await import(${JSON.stringify(module)});
      const path = ${JSON.stringify(path)};
      const open = () => readdirSync("/proc/self/fd").filter((fd) => {
        try { return readlinkSync("/proc/self/fd/" + fd) === path; } catch { return false; }
      }).length;
      let lines = 0, last = "", most = 0;
      for await (const line of files.lines(path)) { lines += 1; last = line.slice(-4); most = Math.max(most, open()); }
      const held = await files.open(path);
      const { length } = await held.line();
      const counts = [open(), files.handles().length];
      await held.close();
      console.log(JSON.stringify({ lines, last, most, length, counts, after: [open(), files.handles().length] }));`;
    const heap = "--max-old-space-size=200";
    const printed = await sh`${process.execPath} ${heap} --input-type=module -e ${script}`.json();
    const length = 8 * 1024 ** 2;
    assert.deepEqual(printed, { lines: 256, last: "last", most: 1, length, counts: [1, 1], after: [0, 0] });
    assert.equal((await rejection(files.text(path), FilesError)).code, "too-large");
  });

  test("[4.1-lines] a handle reads by line, by length and from any place", async () => {
    await using place = await folder();
    const path = join(place.path, "by-hand");
    await files.write(path, "one\r\ntwo\n\nünf");
    await using handle = await files.open(path);
    assert.deepEqual([await handle.line(), handle.position, await handle.line()], ["one", 5, "two"]);
    assert.deepEqual([await handle.line(), await handle.line(), await handle.line()], ["", "ünf", undefined]);
    await handle.seek(-3);
    assert.equal(Buffer.from(await handle.read(100)).toString("latin1"), "¼nf");
    await handle.seek(-3);
    assert.match((await rejection(handle.line(), FilesError)).message, /not UTF-8 at byte 11/);
    await handle.seek(0);
    assert.equal(Buffer.from(await handle.read(3)).toString(), "one");
    assert.equal(await handle.size(), 14);
    assert.equal(await sh`cat`.stdin(files.open(path)).text(), "one\r\ntwo\n\nünf");
    assert.deepEqual(files.handles(), [handle]);
    await handle.close();
    assert.match((await rejection(handle.line(), FilesError)).message, /has been closed/);
    await assert.rejects(handle.seek(1.5), RangeError);
  });

  test("[4.1-exists-race] two processes create the same files at once, 1,000 times: one of them wins each", async () => {
    await using place = await folder();
    const module = new URL("./index.ts", import.meta.url).href;
    const script = `
      const { files, FilesError } = await import(${JSON.stringify(module)});
      let won = [];
      process.stdin.once("data", async () => {
        for (let turn = 0; turn < 1000; turn += 1) {
          try { await files.create(${JSON.stringify(place.path)} + "/" + turn, process.argv[1]); won.push(turn); }
          catch (error) { if (error.code !== "exists") throw error; }
        }
        console.log(JSON.stringify(won));
        process.exit();
      });
      console.log("ready");`;
    const racers = ["a", "b"].map((name) => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script, name]);
      return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
    });
    for (const { lines } of racers) assert.equal((await lines.next()).value, "ready");
    for (const { child } of racers) child.stdin.write("go\n");
    const won = await Promise.all(
      racers.map(async ({ lines }) => JSON.parse(String((await lines.next()).value)) as number[]),
    );
    assert.deepEqual(
      won.flat().toSorted((x, y) => x - y),
      Array.from({ length: 1000 }, (_, turn) => turn),
    );
    for (const [at, name] of ["a", "b"].entries()) {
      for (const turn of won[at] ?? []) assert.equal(readFileSync(join(place.path, String(turn)), "utf8"), name);
    }
  });

  test("[4.1-text] ISO-8859-1 and a JPEG are errors as UTF-8, and Python reads back what was written", async () => {
    await using place = await folder();
    const at = (name: string) => join(place.path, name);
    const written = "Grüße, 漢字 and 🦉\r\nsecond\n";
    await files.write(at("ours"), written);
    const read = python<string>("print(json.dumps(open(input, encoding='utf-8', newline='').read()))", at("ours"));
    assert.equal(read, written);
    python("open(input, 'w', encoding='iso-8859-1').write('Grüße'); print(0)", at("latin"));
    const error = await rejection(files.text(at("latin")), FilesError);
    assert.match(error.message, /not UTF-8 at byte 2 \(47 72 \[fc\] df 65\)/);
    assert.equal(await files.text(at("latin"), { encoding: "iso-8859-1" }), "Grüße");
    await files.write(at("image.jpg"), Buffer.from("ffd8ffe000104a464946000101", "hex"));
    assert.match((await rejection(files.text(at("image.jpg")), FilesError)).message, /at byte 0 \(\[ff\] d8 ff/);
    assert.equal((await rejection(files.text(at("latin"), { encoding: "klingon" }), FilesError)).code, "unsupported");
  });

  test("[4.1-binary] the first bytes of a file, and of one that says it is empty", async () => {
    assert.deepEqual([...(await files.head(process.execPath, 4))], [0x7f, 0x45, 0x4c, 0x46]);
    assert.match(await files.text("/proc/self/status"), /^Name:/);
    assert.equal((await files.head("/etc/hostname", 100_000)).length, (await files.bytes("/etc/hostname")).length);
  });

  test("[4.1-meta] kind, size, mode, owner and times are what stat(1) says", async () => {
    await using place = await folder();
    await files.write(join(place.path, "file"), "12345", { mode: "2750" });
    await sh`ln -s file ${join(place.path, "link")}`;
    await sh`mkfifo ${join(place.path, "pipe")}`;
    const kinds = { "regular file": "file", directory: "folder", "symbolic link": "link", fifo: "pipe" };
    const paths = ["", "file", "link", "pipe"].map((name) => join(place.path, name));
    for (const path of [...paths, "/dev/null", "/etc/passwd", process.execPath]) {
      const stat = await files.stat(path, { followLinks: false });
      const [kind, size, mode, uid, gid, accessed, modified, changed] = (
        await sh`stat -c ${"%F|%s|%a|%u|%g|%X|%Y|%Z"} ${path}`.text()
      )
        .trim()
        .split("|");
      const seconds = (time: Date | undefined) => String(Math.floor(Number(time) / 1000));
      const ours = [stat.size, Number.parseInt(stat.mode, 8).toString(8), stat.uid, stat.gid].map(String);
      assert.deepEqual(ours, [size, mode, uid, gid], path);
      const times = [stat.accessed, stat.modified, stat.inodeChanged].map(seconds);
      assert.deepEqual(times, [accessed, modified, changed], path);
      assert.equal(stat.kind, kinds[kind as keyof typeof kinds] ?? "device", path);
    }
  });

  test("[4.1-meta] times have names that say what they are", async () => {
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

  test("[4.1-atomic] a folder, a device and an empty path are refused with their reason", async () => {
    await using place = await folder();
    const code = async (call: Promise<unknown>) => (await rejection(call, FilesError)).code;
    assert.equal(await code(files.write(place.path, "x")), "is-a-folder");
    assert.equal(await code(files.write("/dev/null", "x")), "not-a-file");
    assert.equal(await code(files.write(join(place.path, "no/such/a"), "x")), "not-found");
    assert.equal(await code((async () => files.text(""))()), "invalid-path");
    assert.equal(await code(files.text("/etc/hostname", { signal: AbortSignal.abort() })), "aborted");
    assert.equal(await code(files.bytes("/etc/passwd/x")), "not-a-folder");
  });

  test("[4.1-meta] a listing shows as a table", async () => {
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
