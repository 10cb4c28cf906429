import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { FilesError } from "../files/error.ts";
import { CommandError } from "../sh/result.ts";
import { GuardError } from "./guard.ts";
import { hostileValues } from "./hostile.ts";
import type { Machine } from "./machine.ts";
import { describeNet, describeProcesses } from "./machine-parts.contract.ts";
import { Secret } from "./secret.ts";
import { type MachineUnderTest, rejection } from "./testing.ts";

/** Which rows of the capability table each part of the contract proves for a kind of machine. */
export interface ContractIds {
  readonly run: string;
  readonly quoting: string;
  readonly stdin: string;
  readonly stream: string;
  readonly text: string;
  readonly replace: string;
  readonly mode: string;
  readonly temp: string;
  readonly processes: string;
  readonly net: string;
}

/** What every machine must do, whatever it is reached by. */
export function describeMachine(name: string, ids: ContractIds, open: () => Promise<MachineUnderTest>): void {
  describe(`the machine contract over ${name}`, { timeout: 180_000 }, () => {
    test(`[${ids.run}] text, lines, JSON and bytes of a program's output`, async () => {
      await using opened = await open();
      const { sh } = opened.machine;
      assert.equal(await sh`printf ${"a\\nb\\n"}`.text(), "a\nb\n");
      assert.deepEqual(await sh`printf ${"a\\r\\n\\nb"}`.lines(), ["a", "", "b"]);
      assert.deepEqual(await sh`echo ${'{"a":[1,2]}'}`.json(), { a: [1, 2] });
      assert.deepEqual([...(await sh`printf ${"\\377\\0"}`.bytes())], [255, 0]);
      assert.equal(await sh`pwd`.cwd(opened.folder).text(), `${opened.folder}\n`);
      assert.equal(await sh`printenv OPSBOOK_TEST`.env({ OPSBOOK_TEST: "a 'b'\n$c" }).text(), "a 'b'\n$c\n");
    });

    test(`[${ids.run}] exit status, signal and both outputs reach the caller`, async () => {
      await using opened = await open();
      const { sh } = opened.machine;
      const failed = await rejection(sh`sh -c ${"echo out; echo err >&2; exit 3"}`, CommandError);
      assert.deepEqual(
        {
          code: failed.code,
          signal: failed.signal,
          reason: failed.reason,
          stdout: failed.stdout,
          stderr: failed.stderr,
        },
        { code: 3, signal: null, reason: "exit", stdout: "out\n", stderr: "err\n" },
      );
      assert.match(failed.message, /exit status 3\nerr/);
      const killed = await rejection(sh`sh -c ${"kill -s KILL $$"}`, CommandError);
      assert.deepEqual([killed.code, killed.signal, killed.reason], [null, "SIGKILL", "signal"]);
      const result = await sh`sh -c ${"exit 255"}`.nothrow();
      assert.deepEqual([result.code, Object.isFrozen(result)], [255, true]);
    });

    test(`[${ids.run}] a missing program, folder or permission is told apart from a program that fails`, async () => {
      await using opened = await open();
      const { sh, files } = opened.machine;
      const missing = await rejection(sh`opsbook-no-such-program`, CommandError);
      assert.deepEqual([missing.reason, missing.notFound, missing.code], ["not-found", true, null]);
      assert.equal((await rejection(sh`ls`.cwd(`${opened.folder}/none`), CommandError)).reason, "no-such-folder");
      await files.write(`${opened.folder}/plain`, "x", { mode: "0644" });
      assert.equal((await rejection(sh`${`${opened.folder}/plain`}`, CommandError)).reason, "not-executable");
      assert.equal((await rejection(sh`sh -c ${"exit 127"}`, CommandError)).reason, "exit");
    });

    test(`[${ids.run}] output that is not UTF-8 is an error that names the byte`, async () => {
      await using opened = await open();
      const error = await rejection(opened.machine.sh`printf ${"ab\\303\\251\\377c"}`.text(), CommandError);
      assert.equal(error.reason, "invalid-text");
      assert.match(error.message, /at byte 4 \(61 62 c3 a9 \[ff\] 63\)/);
      assert.equal((await rejection(opened.machine.sh`printf ${"\\303"}`.text(), CommandError)).reason, "invalid-text");
    });

    test(`[${ids.quoting}] [T24] 5,000 hostile values reach a program's argv unchanged`, async () => {
      await using opened = await open();
      const values = hostileValues(5000);
      const batch = 500;
      for (let start = 0; start < values.length; start += batch) {
        const part = values.slice(start, start + batch);
        const printed = await opened.machine.sh`printf ${"%s\\0"} ${part}`.bytes();
        assert.deepEqual(Buffer.from(printed).toString("utf8").split("\0").slice(0, -1), part);
      }
    });

    test(`[${ids.quoting}] hostile values are texts, never a program's instructions`, async () => {
      await using opened = await open();
      const value = "$(touch pwned); `touch pwned` && touch pwned";
      assert.equal(await opened.machine.sh`printf %s ${value}`.cwd(opened.folder).text(), value);
      assert.equal(await opened.machine.sh`printf %s x`.cwd(opened.folder).env({ A: value }).text(), "x");
      assert.deepEqual(await opened.machine.files.list(opened.folder), []);
    });

    test(`[${ids.stdin}] a secret is fed and shows neither in the arguments nor in an error`, async () => {
      await using opened = await open();
      const { sh } = opened.machine;
      const secret = new Secret('pass word\'s "text" 1', "login");
      const script = 'cat /proc/$$/cmdline; read -r given; printf \'|%s\' "$given"; echo "$given" >&2; exit 1';
      const error = await rejection(sh`sh -c ${script}`.stdin(secret), CommandError);
      assert.doesNotMatch(error.stdout.split("|")[0] ?? "", /pass word/);
      assert.equal(error.stderr, "Secret(login)\n");
      assert.match(error.message, /Secret\(login\)/);
      assert.throws(() => sh`login ${secret as never}`, GuardError);
      assert.throws(() => sh`login --password=${`x${secret.reveal()}`}`, GuardError);
    });

    test(`[${ids.stdin}] bytes and streams are fed, and a program may stop reading early`, async () => {
      await using opened = await open();
      const { sh } = opened.machine;
      assert.deepEqual([...(await sh`cat`.stdin(Uint8Array.of(0, 255, 10)).bytes())], [0, 255, 10]);
      async function* endless() {
        for (;;) yield "y".repeat(65_536);
      }
      assert.equal(await sh`head -c 5`.stdin(endless()).text(), "yyyyy");
      assert.equal(await sh`cat`.text(), "");
    });

    test(`[${ids.stream}] both outputs are read while input is fed`, async () => {
      await using opened = await open();
      const size = 24 * 1024 * 1024;
      const input = Buffer.alloc(size, "0123456789abcde\n");
      const script = `head -c ${size} /dev/zero >&2; cat`;
      const output = await opened.machine.sh`sh -c ${script}`.stdin(input).bytes();
      assert.equal(sha256(output), sha256(input));
    });

    test(`[${ids.stream}] lines come while the program runs, and leaving the loop ends it`, async () => {
      await using opened = await open();
      const { sh } = opened.machine;
      const script = 'echo "$$"; while :; do echo more; sleep 0.01; done';
      let pid = "";
      let count = 0;
      for await (const line of sh`sh -c ${script}`.lines()) {
        pid ||= line;
        count += 1;
        if (count === 3) break;
      }
      await untilGone(opened.machine, pid);
    });

    test(`[${ids.stream}] a time limit or a signal ends the program and its children`, async () => {
      await using opened = await open();
      const { sh } = opened.machine;
      const script = 'sleep 300 & echo "$! $$"; wait';
      const late = await rejection(sh`sh -c ${script}`.timeout("1s"), CommandError);
      assert.deepEqual([late.reason, late.timedOut], ["timeout", true]);
      for (const pid of late.stdout.trim().split(" ")) await untilGone(opened.machine, pid);
      const stop = new AbortController();
      const pids: string[] = [];
      const reading = (async () => {
        for await (const line of sh`sh -c ${script}`.signal(stop.signal).lines()) {
          pids.push(...line.split(" "));
          stop.abort();
        }
      })();
      assert.equal((await rejection(reading, CommandError)).reason, "aborted");
      for (const pid of pids) await untilGone(opened.machine, pid);
    });

    test(`[${ids.stream}] a pipeline streams, ends with its reader and fails with any of its stages`, async () => {
      await using opened = await open();
      const { sh } = opened.machine;
      assert.deepEqual(await sh.pipe(sh`yes`, sh`head -n 3`, sh`cat -n`).lines(), [
        "     1\ty",
        "     2\ty",
        "     3\ty",
      ]);
      const broken = sh.pipe(sh`echo a`, sh`sh -c ${"cat >/dev/null; exit 4"}`, sh`cat`);
      const error = await rejection(broken, CommandError);
      assert.deepEqual([error.code, error.argv[0]], [4, "sh"]);
    });

    test(`[${ids.run}] a script for a shell needs a reason and takes values as parameters only`, async () => {
      await using opened = await open();
      const { sh } = opened.machine;
      assert.throws(() => sh.shell("echo hello"), GuardError);
      assert.throws(() => sh.shell("echo hello", { unsafe: " " }), GuardError);
      const value = "$(id) 'x'";
      assert.equal(await sh.shell('printf %s "$1"', { unsafe: "test", args: [value] }).text(), value);
    });

    describeFiles(ids, open);
    describeProcesses(ids.processes, open);
    describeNet(ids.net, open);
  });
}

function describeFiles(ids: ContractIds, open: () => Promise<MachineUnderTest>): void {
  test(`[${ids.text}] what is written is what the machine's own programs read, and the other way round`, async () => {
    await using opened = await open();
    const { files, sh } = opened.machine;
    const path = `${opened.folder}/a b'c.txt`;
    await files.write(path, "grüße\n漢字\n");
    assert.equal(await sh`cat ${path}`.text(), "grüße\n漢字\n");
    assert.equal(await files.text(path), "grüße\n漢字\n");
    assert.deepEqual(await files.lines(path), ["grüße", "漢字"]);
    assert.deepEqual([...(await files.head(path, 4))], [0x67, 0x72, 0xc3, 0xbc]);
    await sh`sh -c ${'printf "%s" "$1" > "$2"'} x ${'{"n": 1}'} ${path}`;
    assert.deepEqual(await files.json(path), { n: 1 });
    const large = Buffer.from(hostileValues(200_000, 7).join("\n")).subarray(0, 3_000_001);
    await files.write(path, large);
    assert.equal((await sh`sha256sum ${path}`.text()).split(" ")[0]?.replace("\\", ""), sha256(large));
    assert.equal(sha256(await files.bytes(path)), sha256(large));
  });

  test(`[${ids.text}] bytes that are not UTF-8 are an error with offset and surroundings`, async () => {
    await using opened = await open();
    const { files } = opened.machine;
    const path = `${opened.folder}/latin1`;
    await files.write(path, Buffer.from("Gr\xfc\xdfe", "latin1"));
    const error = await rejection(files.text(path), FilesError);
    assert.equal(error.code, "invalid-text");
    assert.match(error.message, /at byte 2 \(47 72 \[fc\] df 65\)/);
    assert.equal(await files.text(path, { encoding: "iso-8859-1" }), "Grüße");
    assert.equal((await rejection(files.json(path), FilesError)).code, "invalid-text");
    await files.write(path, "{");
    assert.equal((await rejection(files.json(path), FilesError)).code, "invalid-json");
  });

  test(`[${ids.replace}] a file is replaced in one step, keeps its mode and leaves nothing beside it`, async () => {
    await using opened = await open();
    const { files, sh } = opened.machine;
    const path = `${opened.folder}/deep/er/conf`;
    await files.write(path, "one", { parents: true, mode: "0640" });
    const before = await sh`stat -c %i ${path}`.text();
    await files.write(path, "two");
    assert.equal(await sh`stat -c ${"%a %s"} ${path}`.text(), "640 3\n");
    assert.notEqual(await sh`stat -c %i ${path}`.text(), before);
    await sh`ln -s ${path} ${`${opened.folder}/link`}`;
    await files.write(`${opened.folder}/link`, "three");
    assert.equal((await files.stat(`${opened.folder}/link`, { followLinks: false })).kind, "link");
    assert.equal(await files.text(path), "three");
    async function* failing() {
      yield "half";
      throw new Error("source broke");
    }
    await assert.rejects(files.write(path, failing()), /source broke/);
    assert.equal(await files.text(path), "three");
    assert.deepEqual(
      (await files.list(`${opened.folder}/deep/er`)).map((entry) => entry.name),
      ["conf"],
    );
  });

  test(`[${ids.replace}] a reader never sees a missing or half file`, async () => {
    await using opened = await open();
    const { files, sh } = opened.machine;
    const path = `${opened.folder}/watched`;
    const content = (letter: string) => letter.repeat(200_000);
    await files.write(path, content("a"));
    const stop = new AbortController();
    const script = 'echo ready; while :; do s=$(wc -c < "$1") || s=missing; [ "$s" = 200000 ] || echo "$s"; done';
    const seen: string[] = [];
    const reader = Promise.withResolvers<void>();
    const reading = (async () => {
      for await (const line of sh`sh -c ${script} x ${path}`.signal(stop.signal).nothrow().lines()) {
        if (line === "ready") reader.resolve();
        else seen.push(line);
      }
    })();
    await reader.promise;
    for (let turn = 0; turn < 30; turn += 1) await files.write(path, content(turn % 2 === 0 ? "b" : "a"));
    stop.abort();
    await reading;
    assert.deepEqual(seen, []);
  });

  test(`[${ids.replace}] of several who create a file at once exactly one succeeds`, async () => {
    await using opened = await open();
    const { files } = opened.machine;
    for (let turn = 0; turn < 10; turn += 1) {
      const path = `${opened.folder}/lock-${turn}`;
      const tries = await Promise.allSettled([1, 2, 3, 4].map((who) => files.create(path, `${who}`)));
      const lost = tries.filter((tried) => tried.status === "rejected");
      assert.equal(lost.length, 3);
      for (const { reason } of lost) assert.equal((reason as FilesError).code, "exists");
    }
  });

  test(`[${ids.mode}] modes are texts; a number is refused and changes nothing`, async () => {
    await using opened = await open();
    const { files, sh } = opened.machine;
    const path = `${opened.folder}/script`;
    await files.write(path, "x", { mode: "u=rw,go=r" });
    assert.throws(
      () => files.chmod(path, 644 as never),
      (error: unknown) => {
        assert.ok(error instanceof GuardError);
        assert.match(error.message, /--w----r-T/);
        return true;
      },
    );
    assert.throws(() => files.write(path, "y", { mode: 0o600 as never }), GuardError);
    assert.equal(await sh`stat -c %a ${path}`.text(), "644\n");
    await files.chmod(path, "4755");
    assert.equal(await sh`stat -c %a ${path}`.text(), "4755\n");
    assert.equal((await files.stat(path)).mode, "4755");
  });

  test(`[${ids.text}] listing, copying, moving and removing agree with the machine's own programs`, async () => {
    await using opened = await open();
    const { files, sh } = opened.machine;
    const at = (name: string) => `${opened.folder}/${name}`;
    await files.makeFolder(at("sub/folder"), { parents: true, mode: "0750" });
    await files.write(at("one"), "1234", { mode: "0600" });
    await files.copy(at("one"), at("two"), { metadata: true });
    await files.move(at("two"), at("three"));
    await sh`ln -s nowhere ${at("broken")}`;
    const listed = (await files.list(opened.folder)).map(({ name, kind, size, mode }) => [
      name,
      kind,
      kind === "file" ? size : 0,
      mode,
    ]);
    assert.deepEqual(listed, [
      ["broken", "link", 0, "0777"],
      ["one", "file", 4, "0600"],
      ["sub", "folder", 0, listed[2]?.[3]],
      ["three", "file", 4, "0600"],
    ]);
    assert.equal(await sh`stat -c %a ${at("sub/folder")}`.text(), "750\n");
    const seconds = Number(await sh`stat -c %Y ${at("three")}`.text());
    assert.equal(Math.floor((await files.stat(at("three"))).modified.getTime() / 1000), seconds);
    assert.equal((await rejection(files.remove(at("sub")), FilesError)).code, "not-empty");
    await files.remove(at("sub/folder"));
    await files.remove(at("broken"));
    assert.equal((await rejection(files.remove(at("none")), FilesError)).code, "not-found");
    await files.remove(at("none"), { missingOk: true });
    assert.equal((await rejection(files.text(at("none")), FilesError)).code, "not-found");
    assert.equal((await rejection(files.text(at("sub")), FilesError)).code, "is-a-folder");
    assert.equal((await rejection(files.makeFolder(at("sub")), FilesError)).code, "exists");
    assert.equal((await rejection(files.list(at("one")), FilesError)).code, "not-a-folder");
    assert.deepEqual([await files.exists(at("one")), await files.exists(at("none"))], [true, false]);
  });

  test(`[${ids.temp}] a temporary file is private and vanishes`, async () => {
    await using opened = await open();
    const { files, sh } = opened.machine;
    let path: string;
    {
      await using temporary = await files.temp({ content: "hello", suffix: ".txt" });
      path = temporary.path;
      assert.equal(await sh`stat -c ${"%a %s"} ${path}`.text(), "600 5\n");
    }
    assert.equal(await files.exists(path), false);
  });
}

/** Waits until a process has ended on its machine; the test runner's own limit is the end of patience. */
async function untilGone(machine: Machine, pid: string): Promise<void> {
  assert.match(pid, /^\d+$/);
  // A zombie has ended and only waits to be counted.
  while (/^State:\s+[^ZX]/m.test(await machine.files.text(`/proc/${pid}/status`).catch(() => ""))) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
