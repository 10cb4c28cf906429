import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RuntimeError } from "./index.ts";
import { makePlace, until } from "./testing/place.ts";
import { forkServer } from "./testing/server-fork.ts";
import { view } from "./testing/view.ts";

const SIZE = { cols: 80, rows: 24 };
/** No start-up files and no prompt, so that what comes is what the test asked for. */
const SHELL = { SHELL: "/bin/sh", PS1: "$ ", ENV: "" };

test("[part of 3.5-terminal] a shell runs, is resized, and tells its exit code", async () => {
  await using place = makePlace();
  const { terminals } = await place.start();
  const { name } = await terminals.create({ cwd: place.root, ...SIZE, env: SHELL });
  const seen = view(terminals, name);
  seen.handle.write("echo sum $((40 + 2)); pwd\n");
  await seen.saw("sum 42");
  await seen.saw(`${place.root}\r\n`);
  seen.handle.resize(132, 50);
  seen.handle.write(Buffer.from("stty size\n"));
  await seen.saw("50 132");
  assert.deepEqual(
    { ...terminals.list()[0], pid: 0, startedAt: "" },
    {
      ...{ name, pid: 0, cwd: place.root, cols: 132, rows: 50, startedAt: "", exited: null },
    },
  );
  seen.handle.write("exit 7\n");
  assert.deepEqual(await seen.exit, { code: 7, signal: null });
  assert.deepEqual(terminals.list()[0]?.exited, { code: 7, signal: null });
});

test("[P10] a shell and its scrollback outlive a killed server, exact to the byte", async () => {
  await using place = makePlace();
  const before: Buffer[] = [];
  let name = "";
  const server = await forkServer(place, (told) => {
    if (told.told !== "data") return;
    name = told.name;
    assert.equal(told.offset, Buffer.concat(before).length);
    before.push(Buffer.from(told.data, "base64"));
  });
  server.child.send({
    do: "terminal",
    input: 'PS1=; i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "n $i"; done; read x; echo got $x\n',
  });
  await until(() => Buffer.concat(before).includes("n 500\r\n"));
  await server.kill();
  const had = Buffer.concat(before);

  const { terminals } = await place.start();
  assert.deepEqual(
    terminals.list().map((info) => [info.name, info.exited]),
    [[name, null]],
  );
  const rest = view(terminals, name, had.length);
  await rest.saw("n 3000\r\n");
  rest.handle.write("on\n");
  await rest.saw("got on\r\n");
  const whole = view(terminals, name);
  await whole.saw("got on\r\n");
  assert.equal(rest.pieces[0]?.offset, had.length);
  assert.equal(had.toString() + rest.text(), whole.text());
  assert.deepEqual(
    whole.text().match(/^n \d+/gm),
    Array.from({ length: 3000 }, (_, i) => `n ${i + 1}`),
  );
});

test("[part of 3.5-terminal] a view that does not read holds its program up, with bounded memory, and it stays interruptible", async (t) => {
  await using place = makePlace();
  const { terminals } = await place.start();
  const { name } = await terminals.create({ cwd: place.root, ...SIZE, env: SHELL });
  const seen = view(terminals, name);
  await seen.saw("$ ");
  seen.handle.pause();
  const rss = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${place.keeper().pid}/status`, "utf8"))?.[1]) / 1024;
  const before = rss();
  seen.handle.write("yes 0123456789012345678901234567890123456789 | head -c 60000000; echo done\n");
  const { pid } = terminals.list()[0] ?? assert.fail();
  const written = () => bytesWrittenBelow(pid);
  let last = 0;
  let same = 0;
  await until(() => {
    same = written() === last && last > 0 ? same + 1 : 0;
    last = written();
    return same > 40;
  });
  assert.ok(last < 10_000_000, `held up after ${last} bytes`);
  seen.handle.write("\x03");
  seen.handle.write("echo in$(true)terrupted\n");
  seen.handle.resume();
  await seen.saw("interrupted");
  t.diagnostic(`keeper grew by ${(rss() - before).toFixed(1)} MiB`);
  assert.ok(seen.text().length < 20_000_000, "the flood was cut");
});

test("[part of 3.5-terminal] 50 MB arrive whole and in order", async () => {
  await using place = makePlace();
  const { terminals } = await place.start();
  const { name } = await terminals.create({ cwd: place.root, ...SIZE, env: SHELL });
  let bytes = 0;
  let zeros = 0;
  const exit = Promise.withResolvers<void>();
  const handle = terminals.attach(name, {
    fromOffset: 0,
    onData: (offset, data) => {
      assert.equal(offset, bytes);
      bytes += data.length;
      for (let at = data.indexOf(0x7e); at >= 0; at = data.indexOf(0x7e, at + 1)) zeros += 1;
    },
    onExit: () => exit.resolve(),
  });
  handle.write('stty -echo; exec sh -c \'head -c 50000000 /dev/zero | tr "\\0" "\\176"\'\n');
  await exit.promise;
  assert.ok(zeros >= 50_000_000 && zeros < 50_000_010, `${zeros}`);
});

test("[part of 3.5-terminal] a slow view delays nobody else, and later skips to the scrollback", async () => {
  await using place = makePlace();
  const { terminals } = await place.start();
  const { name } = await terminals.create({ cwd: place.root, ...SIZE, env: SHELL });
  const slow = view(terminals, name);
  slow.handle.pause();
  const fast = view(terminals, name);
  fast.handle.write("head -c 5000000 /dev/zero | tr '\\0' x; echo; printf 'the %s' end\n");
  await fast.saw("the end");
  slow.handle.resume();
  await slow.saw("the end");
  const end = (pieces: typeof fast.pieces) => {
    const last = pieces.at(-1);
    return last ? last.offset + last.data.length : 0;
  };
  await until(() => end(slow.pieces) === end(fast.pieces));
  const gaps = slow.pieces.filter(({ offset }, i) => i > 0 && offset !== end(slow.pieces.slice(0, i)));
  assert.equal(gaps.length, 1);
  assert.ok(fast.text().endsWith(slow.text().slice(-500_000)));
});

test("[P10] what a program wrote last arrives even when it ended while the view was paused", async () => {
  await using place = makePlace();
  const { terminals } = await place.start();
  const { name } = await terminals.create({ cwd: place.root, ...SIZE, env: SHELL });
  const seen = view(terminals, name);
  seen.handle.pause();
  // A little more than a view may have unread: the terminal is paused then, and its program not held up.
  seen.handle.write("head -c 132000 /dev/zero | tr '\\0' x; touch full\n");
  seen.handle.write("while [ ! -e go ]; do sleep 0.1; done; printf 'last %s' words; exit\n");
  await until(() => existsSync(join(place.root, "full")));
  writeFileSync(join(place.root, "go"), "");
  await until(() => terminals.list()[0]?.exited !== null);
  seen.handle.resume();
  await seen.exit;
  assert.match(seen.text(), /last words/);
});

test("[T18] terminals see the allowed variables only; hanging up ends what ignores it", async () => {
  await using place = makePlace();
  const environment = { PATH: process.env.PATH, HOME: "/", OPSBOOK_KEY: "canary-7461", EXTRA: "e" };
  const { terminals } = await place.start({ environment, allowEnv: ["EXTRA"] });
  const keeperEnv = readFileSync(`/proc/${place.keeper().pid}/environ`, "utf8");
  assert.ok(!keeperEnv.includes("canary"), "the keeper itself has none of it");
  const { name } = await terminals.create({ cwd: place.root, ...SIZE, env: { MINE: "1" } });
  const seen = view(terminals, name);
  seen.handle.write("env | cut -d= -f1 | sort | tr '\\n' ' '; trap '' HUP TERM; echo armed $((1))\n");
  await seen.saw("armed 1");
  assert.match(seen.text(), /COLORTERM EXTRA HOME MINE (OLDPWD )?PATH PWD TERM /);
  assert.ok(!seen.text().includes("OPSBOOK"));
  await terminals.kill(name);
  assert.deepEqual(await seen.exit, { code: null, signal: "SIGKILL" });
});

test("unknown terminals and folders are told as such", async () => {
  await using place = makePlace();
  const { terminals } = await place.start();
  const nothing = { fromOffset: 0, onData: () => {}, onExit: () => {} };
  assert.throws(
    () => terminals.attach("9", nothing),
    (error) => error instanceof RuntimeError && error.code === "unknown-terminal",
  );
  await assert.rejects(terminals.kill("9"), { code: "unknown-terminal" });
  await assert.rejects(terminals.create({ cwd: "/no/such/place", ...SIZE }), { code: "spawn-failed" });
});

/** What the shell's children wrote so far, in bytes. */
function bytesWrittenBelow(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return children
    .filter((child) => child !== "")
    .map((child) => Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${child}/io`, "utf8"))?.[1] ?? 0))
    .reduce((sum, bytes) => sum + bytes, 0);
}
