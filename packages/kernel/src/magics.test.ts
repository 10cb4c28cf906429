// biome-ignore-all lint/suspicious/noTemplateCurlyInString: cells are full of them.
import assert from "node:assert/strict";
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { LiveKernel, type Run } from "./testing/live-kernel.ts";

let kernel: LiveKernel;

before(async () => {
  kernel = await LiveKernel.start({
    files: {
      "fix.ts":
        "export const fixed: number = 41;\nconst seen = process.argv.slice(2);\nfunction boom() {\n  throw new Error('bad');\n}\nfixed + 1",
      "wrong.ts": "const fine = 1;\n\n  missingName();\n",
      "small.ipynb": JSON.stringify({
        cells: [
          { cell_type: "markdown", source: "# no code" },
          { cell_type: "code", source: ["const fromNotebook = 1;\n", "let more = 2;"] },
          { cell_type: "code", source: "fromNotebook + more" },
        ],
      }),
      "argv.mjs": "process.stdout.write(JSON.stringify(process.argv.slice(2)));",
    },
  });
});
after(() => kernel[Symbol.asyncDispose]());

async function ok(code: string): Promise<Run> {
  const run = await kernel.run(code);
  assert.equal(run.reply.status, "ok", `${code}: ${run.errors[0]?.traceback.join("\n")}`);
  return run;
}

async function value(code: string): Promise<unknown> {
  return JSON.parse(await shown(`JSON.stringify(${code})`));
}

async function shown(code: string): Promise<string> {
  const text = String((await ok(code)).result?.["text/plain"]);
  return /^['"`]/.test(text) ? String(new Function(`return ${text}`)()) : text;
}

async function fails(code: string): Promise<string> {
  const run = await kernel.run(code);
  assert.equal(run.reply.status, "error", code);
  return run.errors[0]?.traceback.join("\n").replaceAll(/\x1b\[[\d;]*m/g, "") ?? "";
}

describe("[3.4-bang] a command line in a cell", () => {
  const hostile = "a 'b' \"c\"; $(id) `id` $HOME \\ \n* é\t🎈 -n";

  test("the child's argument equals the value byte for byte", async () => {
    await ok(`const hostile = ${JSON.stringify(hostile)}`);
    const node = JSON.stringify(process.execPath);
    for (const place of ["${hostile}", '"${hostile}"', "'${hostile}'", '"$(printf %s. ${hostile})"']) {
      const run = await ok(`!${node} argv.mjs ${place}`);
      assert.deepEqual(JSON.parse(run.stdout), [place.includes("printf") ? `${hostile}.` : hostile], place);
    }
    const several = await ok(`!${node} argv.mjs x\${[hostile, 1]}y \${new URL("http://h/")}`);
    assert.deepEqual(JSON.parse(several.stdout), [`x${hostile}`, "1y", "http://h/"]);
  });

  test("streams while it runs, sets _exit, and the shell's own means work", async () => {
    const id = await kernel.submit(
      "!echo first; until test -e go; do sleep 0.05; done; echo last | tr a-z A-Z; echo err >&2; exit 7",
    );
    await kernel.until(() => kernel.runOf(id).stdout.includes("first"));
    assert.equal(
      kernel.of(id).some(({ message }) => message.header.msg_type === "execute_reply"),
      false,
    );
    writeFileSync(join(kernel.folder, "go"), "");
    const run = await kernel.finished(id);
    assert.equal(run.stdout, "first\nLAST\n");
    assert.equal(run.stderr, "err\n");
    assert.equal(await value("_exit"), 7);
  });

  test("its output as lines, with text and exit status", async () => {
    await ok('lines = !printf "a b\\nc\\n"; exit 2');
    assert.deepEqual(await value("[lines, lines.text, lines.exit, lines.length, _exit]"), [
      ["a b", "c"],
      "a b\nc\n",
      2,
      2,
      2,
    ]);
    await ok("const none: string[] = !printf ''");
    assert.deepEqual(await value("none"), []);
  });

  test("an interrupt ends the whole process tree", async () => {
    const id = await kernel.submit("!sh -c 'sleep 1000 & echo $!; wait'");
    const pid = Number(await kernel.until(() => /^\d+/.exec(kernel.runOf(id).stdout)?.[0]));
    await kernel.interrupt();
    const run = await kernel.finished(id);
    assert.equal(run.reply.ename, "InterruptedError");
    while (isRunning(pid)) await setTimeout(20);
    assert.equal(await value("1 + 1"), 2);
  });

  test("a value that is no argument is refused with a reason", async () => {
    assert.match(await fails("!echo ${undefined}"), /value 1 of the command is undefined/);
    assert.match(await fails("!echo ${{ a: 1 }}"), /a Object; an argument is/);
    assert.match(await fails("const other = 1\n!echo ${missing}"), /missing is not defined[\s\S]*In\[\d+\]:2:9/);
  });
});

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}

describe("[3.4-magics] each of them", () => {
  test("%run leaves its names in the session; errors name the file", async () => {
    assert.equal(await shown("%run fix.ts one 'two three'"), "42");
    assert.deepEqual(await value("[fixed, seen]"), [41, ["one", "two three"]]);
    assert.match(await fails("boom()"), /fix\.ts:4:9/);
    assert.match(await fails("%run wrong.ts"), /missingName is not defined[\s\S]*wrong\.ts:3:3/);
    assert.equal(await value("fine"), 1);
    assert.equal(await shown("%run small.ipynb"), "3");
    assert.match(await fails("%run nowhere.ts"), /no such file/);
    await ok("await nb.magic.run('fix.ts', 'typed')");
    assert.deepEqual(await value("seen"), ["typed"]);
  });

  test("%reload loads a module anew", async () => {
    const file = join(kernel.folder, "version.ts");
    writeFileSync(file, "export const version: number = 1;");
    await ok('import { version } from "./version.ts"');
    writeFileSync(file, "export const version: number = 2;");
    assert.equal(await value("version"), 1);
    assert.match((await ok("%reload ./version.ts")).stdout, /new values: version/);
    assert.equal(await value("version"), 2);
    assert.match(await fails("%reload"), /takes a module/);
  });

  test("%edit puts source into a new cell", async () => {
    await ok("/** Twice. */\nfunction twice(x: number): number {\n  return x * 2;\n}\nconst after = 1");
    const { payload } = (await ok("%edit twice")).reply;
    assert.deepEqual(payload, [
      {
        source: "set_next_input",
        text: "/**\n * Twice.\n */\nfunction twice(x: number): number {\n  return x * 2;\n}",
        replace: false,
      },
    ]);
    assert.match(JSON.stringify((await ok("%edit fix.ts")).reply.payload), /export const fixed/);
    assert.match(await fails("%edit nothingOfThisName"), /neither a name that a cell declares nor a file/);
  });

  test("%time and %%time say how long it took and keep names and values", async () => {
    const line = await ok("%time const timed = 5");
    assert.match(line.stdout, /^CPU: user .+; wall: .+\n$/);
    assert.equal(await value("timed"), 5);
    assert.equal(await shown("%time await Promise.resolve(timed + 1)"), "6");
    const cell = await ok("%%time\nconst inCell = 7;\ninCell");
    assert.match(cell.stdout, /wall/);
    assert.equal(cell.result?.["text/plain"], "7");
    assert.equal(await value("await nb.magic.time(() => 8)"), 8);
  });

  test("%timeit and %%timeit run it again and again", async () => {
    await ok("let calls = 0");
    const run = await ok("%timeit -n 10 -r 3 calls++");
    assert.match(String(run.result?.["text/plain"]), /a loop \(mean ± deviation of 3 runs, 10 loops each; best .+\)/);
    assert.equal(await value("calls"), 30);
    await ok("%%timeit -n 2 -r 2\nawait null;\ncalls++;");
    assert.equal(await value("calls"), 34);
    await ok("measured = %timeit -n 1 -r 1 calls++");
    assert.deepEqual(await value("[measured.loops, measured.runs, measured.best > 0]"), [1, 1, true]);
    assert.deepEqual(await value("(await nb.magic.timeit(async () => {}, { loops: 3, runs: 2 })).loops"), 3);
    assert.match(await fails("await nb.magic.timeit(() => {}, { loops: 0 })"), /whole number from 1/);
  });

  test("%who, %whos and %reset", async () => {
    await ok("%reset");
    assert.equal((await ok("%who")).stdout, "No names yet.\n");
    await ok("const aNumber = 1; let aText = 'x'; class Kind {} function call(a: number, b: number) {}");
    assert.equal((await ok("%who")).stdout, "Kind  aNumber  aText  call\n");
    assert.equal((await ok("%who number")).stdout, "aNumber\n");
    assert.deepEqual(await value("nb.magic.whos()"), [
      { name: "Kind", type: "class", info: "0 parameters" },
      { name: "aNumber", type: "number", info: "1" },
      { name: "aText", type: "string", info: "'x'" },
      { name: "call", type: "function", info: "2 parameters" },
    ]);
    assert.match(String((await ok("%whos")).result?.["text/plain"]), /aNumber/);
    await ok("%reset aNumber");
    assert.deepEqual(await value("[nb.magic.who(), typeof aNumber]"), [["Kind", "aText", "call"], "undefined"]);
    await ok("'kept'");
    await ok("%reset");
    assert.deepEqual(await value("[nb.magic.who(), typeof aText, Object.keys(Out).length, _ === undefined]"), [
      [],
      "undefined",
      0,
      true,
    ]);
    assert.match(await fails("%reset nobody"), /No cell declared nobody/);
    await ok("const aNumber = 2");
    assert.equal(await value("aNumber"), 2);
  });

  test("%cd and %pwd", async () => {
    assert.equal(await shown("%pwd"), realpathSync(kernel.folder));
    await ok("!mkdir -p 'sub folder'");
    await ok("const sub = 'sub folder'\n%cd ${sub}");
    assert.equal((await ok("!pwd")).stdout, `${join(realpathSync(kernel.folder), "sub folder")}\n`);
    assert.equal(await shown("%cd -"), realpathSync(kernel.folder));
    assert.match(await fails("%cd nowhere"), /ENOENT/);
  });

  test("%env reads, sets and hides; %env info names the runtime", async () => {
    await ok("%env COLOUR=very blue");
    assert.equal(await shown("%env COLOUR"), "very blue");
    assert.equal((await ok("!echo $COLOUR")).stdout, "very blue\n");
    await ok("%env MY_TOKEN=hunter22");
    const listed = JSON.stringify(await value("nb.magic.env()"));
    assert.ok(listed.includes("COLOUR") && listed.includes("MY_TOKEN") && !listed.includes("hunter22"));
    await ok("info = %env info");
    const info = await value("info");
    assert.deepEqual(
      [Reflect.get(Object(info), "path"), Reflect.get(Object(info), "version")],
      [process.execPath, process.version],
    );
    assert.match(JSON.stringify(info), /"icu":"\d.*"openssl":"\d/);
  });

  test("%history and %save", async () => {
    const first = Number((await ok("const h1 = 1")).reply.execution_count);
    await ok("const h2 =\n  h1 + 1");
    await ok("%who");
    const range = `${first}-${first + 2}`;
    assert.equal(
      (await ok(`%history ${range}`)).stdout,
      `${first}: const h1 = 1\n${first + 1}: const h2 =\n  h1 + 1\n${first + 2}: %who\n`,
    );
    await ok(`%history ${range} > fixed.ts`);
    const script = `// In[${first}]\nconst h1 = 1\n\n// In[${first + 1}]\nconst h2 =\n  h1 + 1\n`;
    assert.equal(readFileSync(join(kernel.folder, "fixed.ts"), "utf8"), script);
    await ok("%reset\n%run fixed.ts");
    assert.equal(await value("h2"), 2);
    await ok(`%save "a folder/copy.ts" ${first}`);
    assert.equal(readFileSync(join(kernel.folder, "a folder/copy.ts"), "utf8"), `// In[${first}]\nconst h1 = 1\n`);
    assert.match(await fails("%history x"), /names no cells/);
  });

  test("%bg runs behind the cells, is listed, and can be stopped", async () => {
    await ok("const word = 'a; b'\njob = %bg echo ${word}; sleep 1000");
    await ok("while (!job.output.includes('\\n')) await new Promise((go) => setTimeout(go, 20))");
    assert.deepEqual(await value("[job.output, job.state, nb.magic.bg.list().length]"), ["a; b\n", "running", 1]);
    assert.match(String((await ok("%bg")).result?.["text/plain"]), /running/);
    assert.equal((await ok("%bg --output 1")).stdout, "a; b\n");
    await ok("%bg --stop 1");
    assert.equal(await value("job.state"), "stopped");
    await ok(
      "const work = nb.magic.bg(async (signal) => { await null; return 5 + Number(signal.aborted) }); await work.ended",
    );
    assert.deepEqual(await value("[work.state, work.value]"), ["done", 5]);
    assert.match(await fails("%bg --stop 9"), /no background job 9/);
  });

  test("an interrupt leaves background jobs alone", async () => {
    await ok("left = %bg sleep 1000");
    const id = await kernel.submit("!sleep 1000");
    await kernel.until(() => kernel.of(id, "status").length > 0);
    await kernel.interrupt();
    await kernel.finished(id);
    assert.equal(await value("left.state"), "running");
    await ok("await left.stop()");
  });

  test("%%bash, %%sh and %%python take values as arguments", async () => {
    const hostile = "a'b; $(id)\n";
    await ok(`const given = ${JSON.stringify(hostile)}`);
    const bash = await ok('%%bash ${given} two\nprintf "[%s]" "$1" "$2" $BASH_VERSION\nexit 5');
    assert.match(bash.stdout, /^\[a'b; \$\(id\)\n\]\[two\]\[\d/);
    assert.equal(await value("_exit"), 5);
    assert.equal((await ok("%%sh x\nread answer; echo $1 none$answer")).stdout, "x none\n");
    const python = await ok("%%python ${given}\nimport sys, json\nprint(json.dumps(sys.argv[1:]))");
    assert.deepEqual(JSON.parse(python.stdout), [hostile]);
    await ok("%%bash --out kept\necho one\necho two");
    assert.deepEqual(await value("kept"), ["one", "two"]);
    assert.equal(await value("await nb.magic.bash('exit $1', { args: ['3'] })"), 3);
    const long = await ok(`%%bash\n${"# filler\n".repeat(20_000)}echo long`);
    assert.equal(long.stdout, "long\n");
  });

  test("%%html, %%markdown, %%svg, %%latex show their body", async () => {
    const types = { html: "text/html", markdown: "text/markdown", svg: "image/svg+xml", latex: "text/latex" };
    for (const [name, type] of Object.entries(types)) {
      const run = await ok(`%%${name}\n<b>\${x}</b>\n%who`);
      assert.equal(Reflect.get(Object(run.displays[0]?.content.data), type), "<b>${x}</b>\n%who");
      const typed = await ok(`nb.magic.${name}("text")`);
      assert.equal(Reflect.get(Object(typed.displays[0]?.content.data), type), "text");
    }
  });

  test("%%capture keeps what the cell would show", async () => {
    const run = await ok("%%capture out\nconsole.log('said'); console.error('wrong');\n!echo shell\ndisplay(1); 5");
    assert.deepEqual([run.stdout, run.stderr, run.result, run.displays.length], ["", "", null, 0]);
    const texts = "out.outputs.map((one) => one['text/plain'])";
    assert.deepEqual(await value(`[out.stdout, out.stderr, ${texts}]`), ["said\nshell\n", "wrong\n", ["1", "5"]]);
    assert.equal((await ok("console.log('again')")).stdout, "again\n");
    assert.equal(await value("(await nb.magic.capture(() => console.log('fn'))).stdout"), "fn\n");
  });

  test("%%writefile writes and appends", async () => {
    await ok("%%writefile notes/a.txt\none ${x}");
    await ok("%%writefile -a notes/a.txt\ntwo");
    assert.equal(readFileSync(join(kernel.folder, "notes/a.txt"), "utf8"), "one ${x}\ntwo\n");
  });

  test("%lsmagic lists them; a person's own is one of them", async () => {
    await ok("nb.magic.define('up', (text: string, body?: string) => (body ?? text).toUpperCase(), 'Loud.')");
    assert.equal(await shown("%up hello"), "HELLO");
    assert.equal(await shown("%%up x\nbody"), "BODY");
    assert.equal(await shown("const loud = %up abc\nloud"), "ABC");
    const listed = (await value("nb.magic.lsmagic().map(({ magic }) => magic)")) as string[];
    for (const name of [
      "%run",
      "%edit",
      "%time %%time",
      "%timeit %%timeit",
      "%%bash",
      "%%python",
      "%up %%up",
      "%history",
    ]) {
      assert.ok(listed.includes(name), name);
    }
    assert.match(String((await ok("%lsmagic")).result?.["text/plain"]), /%%bash/);
    assert.match(await fails("%lsmagik"), /no magic %lsmagik. Did you mean %lsmagic\?/);
    assert.match(await fails("%bash"), /write %%bash in its first line/);
    assert.match(await fails("nb.magic.define('run', () => 1)"), /one of the kernel's own/);
  });

  test("errors of a cell with magics are at the place that was typed", async () => {
    assert.match(await fails("!true\nconst a = ;"), /In\[\d+\]:2:11/);
    assert.match(await fails("!true\n  nobodyKnows()"), /In\[\d+\]:2:3/);
    assert.match(await fails("%%time\n\nnobodyKnows()"), /In\[\d+\]:3:1/);
  });
});

describe("[part of 3.4-help] help on what cells made", () => {
  const help = async (code: string): Promise<string> => {
    const { payload } = (await ok(code)).reply;
    const page: unknown = Array.isArray(payload) ? payload[0] : null;
    return String(Reflect.get(Object(Reflect.get(Object(page), "data")), "text/plain"));
  };

  test("signature, comment and source", async () => {
    await ok(
      "/**\n * Half of it.\n * @param x What to halve.\n */\nexport async function half(x: number, by = 2): Promise<number> {\n  return x / by; // quick\n}",
    );
    assert.equal(
      await help("half?"),
      "half: function\n\nasync function half(x: number, by = 2): Promise<number>\n\nHalf of it.\n@param x What to halve.".replace(
        "async",
        "export async",
      ),
    );
    assert.match(await help("half??"), /Source:\nexport async function half[\s\S]*return x \/ by; \/\/ quick\n\}$/);
    assert.equal(await help("?half"), await help("half?"));
    await ok("/** Adds. */\nconst add = (a: number, b: number): number => a + b;\nlet unrelated = 1");
    assert.equal(await help("add?"), "add: function\n\nconst add = (a: number, b: number): number\n\nAdds.");
    await ok("/** A place. */\ninterface Place { lat: number }");
    assert.match(await help("Place?"), /interface Place\n\nA place\./);
    await ok("const settings = { depth: 3 }");
    assert.match(await help("settings.depth?"), /settings\.depth: number\n\n3/);
    assert.match(await help("JSON.stringify?"), /function stringify\(\)/);
    assert.match(await help("%run?"), /%run FILE/);
    assert.match(await fails("nobody?"), /nobody is not defined/);
  });
});

test("[part of 3.4-magics] a kernel that uses none of it loads none of it", async () => {
  await using fresh = await LiveKernel.start();
  // Every module of this repository passes through the loader, which tells the threads' flags of it.
  const cached = `Object.keys(require.cache).filter((file) => file.includes("src/magic/"))`;
  assert.equal((await fresh.run(cached)).result?.["text/plain"], "[]");
  await fresh.run("%pwd");
  assert.notEqual((await fresh.run(cached)).result?.["text/plain"], "[]");
});
