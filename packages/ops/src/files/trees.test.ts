import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { GuardError } from "../core/guard.ts";
import { PlanError } from "../core/plan.ts";
import { rejection } from "../core/testing.ts";
import { sh } from "../sh/index.ts";
import { FilesError, files } from "./index.ts";

const folder = () => mkdtempDisposable(join(tmpdir(), "opsbook-trees-"));
const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

async function makeTree(top: string): Promise<void> {
  await files.write(`${top}/a/b/one`, "1", { parents: true, mode: "0640" });
  await files.write(`${top}/a/set`, "x".repeat(700_000), { mode: "4755" });
  await files.write(`${top}/name with\nline`, "");
  await sh`ln -s ../nowhere ${`${top}/a/broken`}`;
  await sh`ln -s b/one ${`${top}/a/link`}`;
  await files.makeFolder(`${top}/closed`, { mode: "0500" });
  await sh`touch -h -d ${"2001-02-03 04:05:06.789"} ${`${top}/a/link`} ${`${top}/a/b/one`} ${`${top}/a/b`} ${top}`;
  if (isRoot) await sh`chown -h 1234:2345 ${`${top}/a/link`} ${`${top}/a/set`}`;
  if (isRoot) await files.chmod(`${top}/a/set`, "4755");
}

async function describeTree(top: string): Promise<{ readonly entries: string[]; readonly times: number[] }> {
  const text = await sh`find . -printf ${"%P|%y|%m|%U|%G|%s|%l|%T@\\0"}`.cwd(top).text();
  const rows = text.split("\0").slice(0, -1).toSorted();
  const cut = (row: string) => row.lastIndexOf("|");
  return {
    entries: rows.map((row) => row.slice(0, cut(row))),
    times: rows.map((row) => Number(row.slice(cut(row) + 1))),
  };
}

describe("trees", () => {
  test("[4.1-copy] a tree is copied as cp -a copies it, a file with its content alone or with its metadata", async () => {
    await using place = await folder();
    const [source, ours, theirs] = ["source", "ours", "theirs"].map((name) => join(place.path, name)) as [
      string,
      string,
      string,
    ];
    await makeTree(source);
    await sh`cp -a ${source} ${theirs}`;
    const copy = await files.copyTree(source, ours);
    const [mine, expected] = [await describeTree(ours), await describeTree(theirs)];
    assert.deepEqual(mine.entries, expected.entries);
    // Node hands times over as doubles, which hold a good half of a microsecond.
    for (const [at, time] of mine.times.entries()) assert.ok(Math.abs(time - (expected.times[at] ?? 0)) < 2e-6);
    assert.deepEqual(copy, { path: ours, files: 3, folders: 4, links: 2, bytes: 700_001 });
    assert.equal(await files.text(`${ours}/a/link`), "1");
    assert.equal((await rejection(files.copyTree(source, ours), FilesError)).code, "exists");
    assert.equal((await rejection(files.copyTree(source, `${source}/a/in`), FilesError)).code, "invalid-path");
    await sh`mkfifo ${`${source}/pipe`}`;
    const odd = await rejection(files.copyTree(source, `${place.path}/more`), FilesError);
    assert.match(odd.message, /1 things in it cannot be copied: .*pipe \(pipe\)/);
    assert.equal(await files.exists(`${place.path}/more`), false);

    await files.copy(`${source}/a/b/one`, `${place.path}/plain`);
    await files.copy(`${source}/a/b/one`, `${place.path}/whole`, { metadata: true });
    const shown = await sh`stat -c ${"%a %Y"} ${["plain", "whole"].map((name) => join(place.path, name))}`.lines();
    assert.match(shown[0] ?? "", /^644 1[78]/);
    assert.equal(shown[1], `640 ${Math.floor(new Date("2001-02-03T04:05:06").getTime() / 1000)}`);
  });

  test("[4.1-remove-tree] as root in a chroot: what must stay is refused and stays, a tree goes after a look at it", {
    skip: isRoot ? false : "needs root",
  }, async (context) => {
    await using place = await folder();
    const root = join(place.path, "root");
    const repository = resolve(import.meta.dirname, "../../../..");
    const node = resolve(process.execPath, "../..");
    const program = relative(repository, join(import.meta.dirname, "testing-remove.ts"));
    const script = `set -e
mount --make-rprivate /
mkdir -p "$1" && mount -t tmpfs root "$1" && cd "$1"
mkdir -p usr etc proc root srv/app/logs mnt/disk repository node tmp
for name in bin lib lib64; do if [ -L /$name ]; then cp -a /$name .; elif [ -d /$name ]; then mkdir $name && mount --bind /$name $name; fi; done
mount --bind /usr usr; mount --rbind "$2" repository; mount --bind "$3" node; mount -t proc proc proc
mkdir data && mount -t tmpfs data data
echo x >data/kept; echo x >etc/passwd; echo x >root/kept; echo 12345 >srv/app/logs/one; ln -s /etc srv/app/link; ln -s / srv/root
mount -t tmpfs disk mnt/disk
exec chroot . /node/bin/node "/repository/$4"`;
    const args = ["--mount", "sh", "-c", script, "sh", root, repository, node, program];
    const env = { ...process.env, HOME: "/root" };
    const started = await run("unshare", args, { env }).catch((error: { stderr: string }) => error);
    if (!("stdout" in started) || started.stdout === "") {
      if (/unshare|mount/.test(started.stderr))
        return context.skip(`no mount namespace here: ${started.stderr.trim()}`);
      assert.fail(started.stderr);
    }
    assert.deepEqual(JSON.parse(started.stdout), {
      outcomes: {
        "/": "files.remove-tree",
        "": "invalid-path",
        "/..": "files.remove-tree",
        "~": "files.remove-tree",
        "/root": "files.remove-tree",
        "/etc": "files.remove-tree",
        "/srv/app/../..": "files.remove-tree",
        "/data": "files.remove-tree",
        "/srv": "files.remove-tree",
        // A link is a link, and removing it leaves what it leads to.
        "/srv/root": "removed",
        "/data/.": "files.remove-tree",
        "/mnt": "files.remove-tree",
      },
      unchanged: false,
      removed: { count: 4, bytes: 6 },
      left: false,
    });
  });

  test("[4.1-remove-tree] the plan counts, goes stale with any change, and never follows a link", async () => {
    await using place = await folder();
    const top = join(place.path, "old");
    const outside = join(place.path, "outside");
    await files.write(outside, "stays");
    await files.write(`${top}/sub/one`, "123", { parents: true });
    await sh`ln -s ${place.path} ${`${top}/sub/link`}`;
    const stale = await files.removeTree(top);
    assert.deepEqual([stale.count, stale.bytes, stale.destructive], [4, 3, true]);
    assert.match(stale.title, /remove .*old: 4 files and folders, 3 B/);
    await files.write(`${top}/new`, "somebody works here");
    assert.equal((await rejection(stale.apply(), PlanError)).code, "stale");
    assert.equal(await files.exists(`${top}/sub/one`), true);
    const plan = await files.removeTree({ path: top });
    assert.deepEqual(await plan.apply(), { count: 5, bytes: 22 });
    assert.deepEqual([await files.exists(top), await files.text(outside)], [false, "stays"]);
    assert.equal((await rejection(plan.apply(), PlanError)).code, "already-applied");
    assert.equal((await rejection(files.removeTree(top), FilesError)).code, "not-found");
    await assert.rejects(files.removeTree("/usr/../etc"), GuardError);
  });

  test("[part of 5.3-relative-root] a root of one's own: fixed paths lie in it, and nothing leads out", async () => {
    await using place = await folder();
    const root = join(place.path, "root");
    const inner = files.at(root);
    await files.makeFolder(root);
    await files.write(join(place.path, "secret"), "outside");
    await inner.write("/etc/app/a.conf", "a", { parents: true });
    assert.equal(await files.text(`${root}/etc/app/a.conf`), "a");
    await sh`ln -s / ${`${root}/all`}`;
    await sh`ln -s ../secret ${`${root}/up`}`;
    await sh`ln -s ../../../../secret ${`${root}/etc/app/far`}`;
    await sh`ln -s app ${`${root}/etc/current`}`;
    await sh`ln -s loop ${`${root}/loop`}`;
    const code = async (call: Promise<unknown>) => (await rejection(call, FilesError)).code;
    assert.equal(await code(inner.text("/all/etc/passwd")), "outside-root");
    assert.equal(await code(inner.text("/up")), "outside-root");
    assert.equal(await code(inner.text("/etc/app/far")), "outside-root");
    assert.equal(await code(inner.write("/up", "x")), "outside-root");
    assert.equal(await code(inner.list("/all")), "outside-root");
    assert.equal(await code(inner.text("/loop")), "invalid-path");
    assert.equal(await code(inner.text("../../secret")), "not-found");
    assert.equal(await inner.text("/etc/current/../../etc/current/a.conf"), "a");
    await inner.write("/etc/current/a.conf", "b");
    assert.equal(await files.text(`${root}/etc/app/a.conf`), "b");
    const names = (await inner.list("/")).map(({ path }) => path);
    assert.deepEqual(names, ["/all", "/etc", "/loop", "/up"]);
    await (await inner.removeTree("/etc/app")).apply();
    assert.equal(await files.exists(`${root}/etc/app`), false);
    assert.equal(await files.text(join(place.path, "secret")), "outside");
  });

  test("[4.1-temp] private, on disk before its path is known, and gone with its block or its process, however killed", async () => {
    let path = "";
    {
      await using temporary = await files.temp({ content: "all of it", suffix: ".txt" });
      path = temporary.path;
      assert.equal(await sh`stat -c %a ${path}`.text(), "600\n");
      assert.equal(await sh`cat ${temporary}`.text(), "all of it");
    }
    assert.equal(await files.exists(path), false);
    const module = new URL("./index.ts", import.meta.url).href;
    const script = `const { files } = await import(${JSON.stringify(module)});
      console.log((await files.temp({ content: "x" })).path); setInterval(() => {}, 1000);`;
    const program = spawn(process.execPath, ["--input-type=module", "-e", script], { detached: true });
    const left = String((await once(program.stdout, "data"))[0]).trim();
    assert.equal(await files.text(left), "x");
    process.kill(-(program.pid ?? 0), "SIGKILL");
    await once(program, "exit");
    while (await files.exists(left)) await new Promise((settle) => setTimeout(settle, 5));
  });
});
