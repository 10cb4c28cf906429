import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { displaySymbol } from "../core/display.ts";
import { GuardError } from "../core/guard.ts";
import { rejection } from "../core/testing.ts";
import { CommandError, sh } from "./index.ts";
import { parseTemplate, type TemplateValue } from "./template.ts";

const parse = (strings: TemplateStringsArray, ...values: readonly TemplateValue[]) => parseTemplate(strings, values);

describe("the template", () => {
  test("[4.2-run] splits only its own text, with a shell's quotes and none of its expansions", () => {
    assert.deepEqual(
      parse`git log  --oneline
      -n ${5}`,
      ["git", "log", "--oneline", "-n", "5"],
    );
    assert.deepEqual(parse`a 'b c' "d 'e'" f\ g h'i'"j"k "" ''`, ["a", "b c", "d 'e'", "f g", "hijk", "", ""]);
    assert.deepEqual(parse`echo $HOME * ~ {a,b} \$x "\$y \z" 'q\n'`, [
      "echo",
      "$HOME",
      "*",
      "~",
      "{a,b}",
      "$x",
      "$y \\z",
      "q\\n",
    ]);
    assert.deepEqual(
      parse`a \
      b`,
      ["a", "b"],
    );
  });

  test("[4.2-run] a value is one argument, an array several, also within a word", () => {
    assert.deepEqual(parse`a ${"b c"} ${""} --x=${"y z"}/${1n} "in ${"q's"}"`, ["a", "b c", "", "--x=y z/1", "in q's"]);
    assert.deepEqual(parse`a ${[]} ${["b", "c d"]} e`, ["a", "b", "c d", "e"]);
    assert.deepEqual(parse`${["a", "b"]}`, ["a", "b"]);
    assert.deepEqual(parse`cat ${{ path: "/tmp/a b" }} ${new URL("http://x/")}`, ["cat", "/tmp/a b", "http://x/"]);
  });

  test("[4.2-shell] what cannot be meant is refused before anything runs", () => {
    for (const wrong of [undefined, null, true, {}, Number.NaN, "a\0b", "\ud800", () => "x"]) {
      assert.throws(() => parse`echo ${wrong as never}`, TypeError);
    }
    assert.throws(() => parse`echo --x=${["a"]}`, TypeError);
    assert.throws(() => parse`echo ${["a"]}x`, TypeError);
    assert.throws(() => parse`echo "${["a"]}"`, TypeError);
    assert.throws(() => parse`  `, TypeError);
    assert.throws(() => parse`echo 'open`, TypeError);
    for (const operator of ["|", "&&", ";", ">", "2>&1", "&"]) {
      const strings = Object.assign([`a ${operator} b`], { raw: [`a ${operator} b`] });
      assert.throws(() => parseTemplate(strings, []), GuardError);
      assert.deepEqual(parse`a ${operator} b`, ["a", operator, "b"]);
    }
    assert.deepEqual(parse`find . -name x -exec rm {} ';'`.at(-1), ";");
  });

  test("[4.2-shell] a script with a value spliced in does not compile", () => {
    const name: string = "x; id";
    // @ts-expect-error: the script is not a literal
    sh.shell(`echo ${name}`, { unsafe: "test" });
    // @ts-expect-error: the script is not a literal
    sh.shell(name, { unsafe: "test" });
    assert.equal(
      String(sh.shell('echo "$1"', { unsafe: "test", args: [name] })),
      `/bin/sh -c 'echo "$1"' opsbook 'x; id'`,
    );
  });
});

describe("a local command", () => {
  test("[4.2-run] real git inside and outside a repository", async () => {
    const error = await rejection(sh`git rev-parse HEAD`.cwd("/").text(), CommandError);
    assert.deepEqual([error.code, error.stdout], [128, ""]);
    assert.match(error.message, /git rev-parse HEAD: exit status 128\nfatal: not a git repository/);
    assert.match(await sh`git --version`.text(), /^git version/);
  });

  test("[4.2-run] lsblk's JSON, and bytes that are no text", async () => {
    const listed = await sh`lsblk -J`.json();
    assert.ok(typeof listed === "object" && listed !== null && "blockdevices" in listed);
    assert.equal((await rejection(sh`printf ${"\\xff"}`.text(), CommandError)).reason, "invalid-text");
    assert.deepEqual([...(await sh`printf ${"\\xff"}`.bytes())], [255]);
  });

  test("[4.2-pipeline] in memory and as a stream it gives what a shell's pipeline gives, and hides no failure", async () => {
    const shell = sh.shell('ls -l /etc | tail -n +2 | sort -k9 | head -n 3 | tr -s " " | cut -d " " -f 9', {
      unsafe: "the shell's result to compare with",
    });
    const expected = (await shell.env({ LC_ALL: "C" }).text()).trimEnd().split("\n");
    const inMemory = (await sh`ls -l /etc`.env({ LC_ALL: "C" }).lines())
      .slice(1)
      .map((line) => line.split(/ +/)[8] ?? "")
      .toSorted()
      .slice(0, 3);
    assert.deepEqual(inMemory, expected);
    const streamed = sh.pipe(sh`ls /etc`.env({ LC_ALL: "C" }), sh`sort`.env({ LC_ALL: "C" }), sh`head -n 3`);
    assert.deepEqual(await streamed.lines(), expected);
    const hidden = sh.shell("seq 100000 | (head -n 1 >/dev/null; exit 7) | cat", { unsafe: "hides its middle" });
    assert.equal((await hidden).code, 0);
    const script = "head -n 1 >/dev/null; exit 7";
    const error = await rejection(sh.pipe(sh`seq 100000`, sh`sh -c ${script}`, sh`cat`), CommandError);
    assert.deepEqual([error.code, error.argv[0]], [7, "sh"]);
  });

  test("[4.2-run] runs once however often it is awaited, and not before", async () => {
    const command = sh`mktemp -u`;
    const [first, second] = [await command.text(), await command.text()];
    assert.equal(first, second);
    assert.notEqual(await sh`mktemp -u`.text(), first);
    const changed = command.nothrow();
    assert.notEqual(changed, command);
  });

  test("[4.2-run] the result shows as the program's output", async () => {
    const result = await sh`sh -c ${"echo out; echo err >&2; exit 2"}`.nothrow();
    const show: unknown = Reflect.get(result, displaySymbol);
    assert.ok(typeof show === "function");
    assert.deepEqual(show.call(result), { "text/plain": "out\nerr\n[exit status 2]" });
    assert.deepEqual(Object.keys(result).sort(), ["argv", "code", "durationMs", "signal", "stderr", "stdout"]);
  });

  test("[4.2-run] a time limit is kept although a grandchild of another session holds the output open", async () => {
    const script = 'setsid sleep 60 & echo "$!"; sleep 60';
    const error = await rejection(sh`sh -c ${script}`.timeout(300), CommandError);
    assert.equal(error.timedOut, true);
    // Throws when the grandchild is gone, which would mean that its end was waited for.
    process.kill(Number(error.stdout), "SIGKILL");
  });

  test("[4.2-run] a program that ignores the polite signal is killed", async () => {
    const error = await rejection(
      sh`sh -c ${'trap "" TERM; echo up; while :; do sleep 0.1; done'}`.timeout(300),
      CommandError,
    );
    assert.deepEqual([error.timedOut, error.signal, error.stdout], [true, "SIGKILL", "up\n"]);
  });

  test("[4.2-deadlock] 500 MB through cat while a program fills stderr first, in flat memory", async () => {
    const chunk = Buffer.alloc(1024 * 1024, `${"x".repeat(1023)}\n`);
    async function* input() {
      for (let sent = 0; sent < 500; sent += 1) yield chunk;
    }
    const script = "head -c 50000000 /dev/zero >&2; exec cat";
    const before = process.memoryUsage.rss();
    let most = before;
    let count = 0;
    for await (const line of sh`sh -c ${script}`.stdin(input()).lines()) {
      if (line.length !== 1023) assert.fail(`a line of ${line.length}`);
      count += 1;
      if (count % 4096 === 0) most = Math.max(most, process.memoryUsage.rss());
    }
    assert.equal(count, 500 * 1024);
    assert.ok(most - before < 250_000_000, `${Math.round((most - before) / 1e6)} MB more memory`);
  });

  test("[4.2-stdin] /proc shows no argument that holds the secret while the program runs", async () => {
    const commands =
      await sh`sh -c ${"read -r p; cat /proc/$$/cmdline /proc/$$/environ | tr '\\0' '\\n'; printf %s \"$p\" | wc -c"}`
        .stdin("hunter2-hunter2\n")
        .text();
    assert.doesNotMatch(commands, /hunter2/);
    assert.match(commands, /\n15\n$/);
  });
});
