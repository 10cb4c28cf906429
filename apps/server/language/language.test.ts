import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { parseNotebook } from "@opsbook/notebook";
import pino from "pino";
import { LanguageService, TextChanged } from "./index.ts";
import { labels, startLanguage } from "./testing/notebook.ts";

/** Milliseconds for all of them, on a machine that may be busy. */
const timeout = 900_000;

describe("language service over the cells of a notebook", { timeout }, () => {
  it("[part of 3.3-intelligence] completes names of earlier cells by their types, and says what they are", async () => {
    await using bench = await startLanguage([
      "/** Hosts in trouble. */\nconst hosts = [{ name: 'web1', load: 3.2 }]\nlet limit = 2",
      "interface Row { id: number; label: string }\nconst rows: Row[] = []",
      "",
    ]);
    await bench.edit(2, "hosts[0]!.");
    assert.deepEqual(labels(await bench.ask("complete", 2, "hosts[0]!.|")), ["name", "load"]);
    await bench.edit(2, "ho");
    const names = await bench.ask("complete", 2, "ho|");
    assert.ok(labels(names).includes("hosts"));
    assert.ok(!labels(names).includes("rows"), "only what fits what was typed");
    const { detail, documentation } = await bench.resolve(names, "hosts");
    assert.match(detail, /const hosts: \{\s*name: string;\s*load: number;/);
    assert.equal(documentation, "Hosts in trouble.");
    // A cell above does not see what comes later.
    await bench.edit(0, "ro");
    assert.ok(!labels(await bench.ask("complete", 0, "ro|")).includes("rows"));
  });

  it("[part of 3.3-intelligence] underlines a wrong argument before it runs, and follows edits above", async () => {
    await using bench = await startLanguage([
      "function restart(host: string, tries: number) { return `${host} ${tries}` }",
      'const answer = restart("web1", "3")',
      "answer.toFixed()",
    ]);
    const [wrong] = await bench.problems(1);
    assert.equal(wrong?.code, 2345);
    assert.equal('const answer = restart("web1", "3")'.slice(wrong?.start, wrong?.end), '"3"');
    assert.match(wrong?.message ?? "", /'string' is not assignable to parameter of type 'number'/);
    assert.deepEqual(
      (await bench.problems(2)).map(({ code }) => code),
      [2551],
    );
    // The edit of one cell mends another.
    await bench.edit(0, "function restart(host: string, tries: string) { return Number(tries) }");
    assert.deepEqual(await bench.problems(1, (found) => found.length === 0), []);
    assert.deepEqual(await bench.problems(2, (found) => found.length === 0), []);
  });

  it("lets a notebook's manners pass: declared anew, assigned below, awaited, shorthand, old results", async () => {
    await using bench = await startLanguage(
      [
        "let count = 1\nconst name = 'a'",
        "count = count + 1\nconst name = 5\nawait Promise.resolve(name.toFixed())",
        "%time name.toFixed()\nconst files = !ls -l\nfiles.length\nname?",
        "_.anything; Out[1]; In[1]?.length; _3; display.markdown('x'); await input('name? ')",
        "%%bash\nls | grep 'x\n",
        "import { readFile } from 'node:fs/promises'\nimport { host } from './lib.ts'\nconst text = await readFile(host, 'utf8')",
        "text.length; await readFile('x'); using lock = { [Symbol.dispose]() {} }",
        "const chosen = await ui.choose(['a', 'b']); chosen.toUpperCase(); const { n, s } = await ui.form({ properties: { n: { type: 'integer', default: 1 }, s: { type: 'string', enum: ['x', 'y'] } } }); n.toFixed(); s?.length; for (const each of ui.progress([1])) each.toFixed(); show.table([{ a: 1 }]).update(2)",
        "const { status } = await http.get('http://localhost').nothrow(); await sh`ls`; files.list",
      ],
      { files: { "lib.ts": "export const host: string = 'x'\n" } },
    );
    for (let cell = 0; cell < 9; cell += 1) assert.deepEqual(await bench.problems(cell), [], `cell ${cell}`);
    await bench.edit(2, "name = 6");
    assert.match((await bench.problems(2, (found) => found.length > 0))[0]?.message ?? "", /^Cannot assign to 'name'/);
  });

  it("knows what the kernel gives to cells, and finds nothing wrong in the notebooks that come with the product", async () => {
    const folder = join(import.meta.dirname, "../../../notebooks");
    const paths = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ipynb"));
    for (const path of paths) {
      const parsed = parseNotebook(readFileSync(join(folder, path), "utf8"));
      assert.ok(parsed.ok);
      const code = parsed.notebook.cells.filter(({ cell_type }) => cell_type === "code").map(({ source }) => source);
      const given =
        "await ui.confirm('Go on?'); show.table([{ a: 1 }]); nb.magic.who(); display([1]); require('node:fs')";
      await using bench = await startLanguage([...code, given]);
      for (let cell = 0; cell <= code.length; cell += 1)
        assert.deepEqual(await bench.problems(cell), [], `${path}, code cell ${cell}`);
    }
  });

  it("takes decorators for the standard ones, unless the folder's tsconfig.json says otherwise", async () => {
    const standard =
      "function logged<T extends (...a: any[]) => any>(value: T, context: ClassMethodDecoratorContext): T { context.metadata.x = 1; return value }\nclass A { @logged m() {} accessor x = 1 }\nA[Symbol.metadata]?.x";
    const legacy =
      "function old(target: object, key: string, at: PropertyDescriptor): void {}\nclass B { @old m() {} }";
    await using bench = await startLanguage([standard, legacy]);
    assert.deepEqual(await bench.problems(0), []);
    const wrong = await bench.problems(1, (found) => found.length > 0);
    assert.deepEqual(
      wrong.map(({ code }) => code),
      [1241],
    );
    const files = { "tsconfig.json": '{ "compilerOptions": { "experimentalDecorators": true } }' };
    await using chosen = await startLanguage([legacy], { files });
    assert.deepEqual(await chosen.problems(0), []);
  });

  it("points at what is open, and only at that", async () => {
    await using bench = await startLanguage(["const rows = [1]", "rows.forEach((row) => {\n  rows.map(", "rows."]);
    const open = (await bench.problems(1)).filter(({ message }) => message === "This bracket is never closed.");
    assert.deepEqual(
      open.map(({ start }) => start),
      [12, 22, 34],
    );
    assert.deepEqual(
      (await bench.problems(1)).map(({ code }) => code).filter((code) => code !== null),
      [2554],
    );
    const [incomplete] = await bench.problems(2);
    assert.deepEqual(
      { start: incomplete?.start, end: incomplete?.end, code: incomplete?.code },
      { start: 4, end: 5, code: 1003 },
    );
  });

  it("[part of 3.3-intelligence] shows documentation of a helper, signatures, and where things are declared", async () => {
    await using bench = await startLanguage(
      [
        "import { helper } from './lib.ts'\nlet total = 1\n/** Adds. */\nfunction add(a: number, b = 2) { return a + b }",
        "await http.get('http://localhost')\nadd(1, total)\nhelper()\nJSON.parse('1')",
      ],
      { files: { "lib.ts": "/** From a file. */\nexport function helper() {}\n" } },
    );
    const source = "await http.get('http://localhost')\nadd(1, total)\nhelper()\nJSON.parse('1')";
    const at = (needle: string, plus = 0) => {
      const offset = source.indexOf(needle) + plus;
      return `${source.slice(0, offset)}|${source.slice(offset)}`;
    };
    const hover = await bench.ask("hover", 1, at("get"));
    assert.match(hover?.text ?? "", /get\(url: string, options\?: RequestOptions\)/);
    assert.match(hover?.text ?? "", /@example/);
    assert.equal(source.slice(hover?.range?.start, hover?.range?.end), "get");
    assert.match((await bench.ask("hover", 1, at("total")))?.text ?? "", /^```typescript\nlet total: number\n/);
    const signature = await bench.ask("signature", 1, at("add(1, ", 7));
    assert.equal(signature?.signatures[0]?.label, "add(a: number, b?: number): number");
    assert.equal(signature?.signatures[0]?.documentation, "Adds.");
    assert.equal(signature?.signatures[0]?.activeParameter, 1);
    const target = async (needle: string) => (await bench.ask("definition", 1, at(needle)))?.targets;
    assert.deepEqual(await target("total"), [{ in: "cell", cellId: "cell0", start: 38, end: 43 }]);
    assert.deepEqual(await target("add("), [{ in: "cell", cellId: "cell0", start: 70, end: 73 }]);
    assert.deepEqual(await target("helper"), [{ in: "file", path: "lib.ts", line: 2, column: 17 }]);
    assert.equal((await target("parse"))?.[0]?.in, "elsewhere");
  });

  it("[part of 3.3-intelligence] renames over cells: constants, variables that others assign, and nothing else", async () => {
    const sources = [
      "let total = 0\nconst step = 2",
      "total = total + step\nconst o = { total }",
      "function f(total: string) { return total }\ntotal += 1",
      "let total = 'new'\ntotal",
      "import { helper } from './lib.ts'\nhelper()",
    ];
    await using bench = await startLanguage(sources, { files: { "lib.ts": "export function helper() {}\n" } });
    const renamed = async (cell: number, marked: string, newName: string) => {
      const answer = await bench.ask("rename", cell, marked, { newName });
      const texts = [...sources];
      for (const { cellId, edits } of answer?.cells ?? []) {
        const index = Number(cellId.replace("cell", ""));
        for (const { start, end, text } of edits.toReversed())
          texts[index] = (texts[index] as string).slice(0, start) + text + (texts[index] as string).slice(end);
      }
      return texts;
    };
    const expected = [
      "let sum = 0\nconst step = 2",
      "sum = sum + step\nconst o = { total: sum }",
      "function f(total: string) { return total }\nsum += 1",
      sources[3],
      sources[4],
    ];
    assert.deepEqual(await renamed(0, "let to|tal = 0\nconst step = 2", "sum"), expected);
    assert.deepEqual(await renamed(2, "function f(total: string) { return total }\nto|tal += 1", "sum"), expected);
    assert.deepEqual((await renamed(1, "total = total + st|ep\nconst o = { total }", "by")).slice(0, 2), [
      "let total = 0\nconst by = 2",
      "total = total + by\nconst o = { total }",
    ]);
    assert.deepEqual(
      (await renamed(2, "function f(to|tal: string) { return total }\ntotal += 1", "t"))[2],
      "function f(t: string) { return t }\ntotal += 1",
    );
    await assert.rejects(renamed(0, "let to|tal = 0\nconst step = 2", "step"), /already uses the name step/);
    await assert.rejects(renamed(0, "let to|tal = 0\nconst step = 2", "a b"), /not a name/);
    // What is a file's keeps its name there.
    assert.equal(
      (await renamed(4, "import { helper } from './lib.ts'\nhel|per()", "h"))[4],
      "import { helper as h } from './lib.ts'\nh()",
    );
  });

  it("[part of 3.3-intelligence] completes property names of a parsed JSON from the running kernel, not while it is busy", async () => {
    await using bench = await startLanguage(["data.items[0]."]);
    await bench.client.run(`const data = JSON.parse('{"items": [{"hostName": "web1", "cpuLoad": 3}]}')`);
    await bench.client.submit({ type: "move-cell", cellId: "cell0", after: bench.client.cells[1]!.id, index: 1 });
    const completion = await bench.ask("complete", 0, "data.items[0].|");
    assert.deepEqual(labels(completion).slice(0, 2), ["hostName", "cpuLoad"]);
    assert.equal(completion?.items[0]?.live, true);
    assert.equal((await bench.resolve(completion, "hostName")).detail, "in the running kernel");
    const busy = await bench.client.start("await input('wait')");
    await bench.client.until(() => bench.client.state!.prompts.length > 0);
    assert.deepEqual(labels(await bench.ask("complete", 0, "data.items[0].|")), []);
    await bench.client.submit({ type: "answer-prompt", promptId: bench.client.state!.prompts[0]!.id, value: "" });
    await bench.client.ended(busy.executionId);
  });

  it("answers about the text the question is of: it waits for an edit on its way, and says when there is another", async () => {
    await using bench = await startLanguage(["const a = 1"]);
    const early = bench.ask("hover", 0, "const |b = 2");
    await bench.edit(0, "const b = 2");
    assert.match((await early)?.text ?? "", /const b: 2/);
    await assert.rejects(bench.ask("hover", 0, "const |c = 3"), TextChanged);
  });

  it("sees a file beside the notebook change, and a package that was installed", async () => {
    await using bench = await startLanguage(
      ["import { size } from './lib.ts'\nimport { thing } from 'some-package'\nsize.toFixed(thing)"],
      { files: { "lib.ts": "export const size = 'x'\n" } },
    );
    assert.deepEqual(
      (await bench.problems(0)).map(({ code }) => code),
      [2307, 2551],
    );
    writeFileSync(join(bench.server.root, "lib.ts"), "export const size = 5\n");
    const folder = join(bench.server.root, "node_modules", "some-package");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "name": "some-package", "types": "./index.d.ts" }');
    writeFileSync(join(folder, "index.d.ts"), "export declare const thing: number;\n");
    await bench.client.run("1");
    assert.deepEqual(await bench.problems(0, (found) => found.length === 0), []);
  });

  it("starts the compiler anew when it dies, and leaves nothing when it is closed", async () => {
    let root = "";
    {
      await using bench = await startLanguage(["const a = [1]", "a.at('x')"]);
      root = bench.server.root;
      assert.equal((await bench.problems(1)).length, 1);
      process.kill(bench.service.pid!, "SIGKILL");
      await bench.edit(1, "a.at(0)!.");
      assert.ok(labels(await bench.ask("complete", 1, "a.at(0)!.|")).includes("toFixed"));
      assert.deepEqual(readdirSync(join(root, ".opsbook", "language")).length, 1);
      await bench.service.close();
      assert.equal(
        existsSync(join(root, ".opsbook", "language")) && readdirSync(join(root, ".opsbook", "language")).length > 0,
        false,
      );
    }
  });

  it("ends the compiler when nobody has looked at a notebook for a while", async () => {
    await using bench = await startLanguage(["1"]);
    const stateDir = mkdtempSync(join(tmpdir(), "opsbook-language-"));
    const { root, runtime } = bench.server;
    const log = pino({ level: "silent" });
    const service = new LanguageService({ root, stateDir, runtime, log, idleMs: 1 });
    const lease = await service.use(await bench.server.open());
    const problems = Promise.withResolvers<void>();
    const watch = lease.language.watchProblems(() => problems.resolve());
    await problems.promise;
    assert.ok(service.pid);
    watch[Symbol.dispose]();
    const ended = Promise.withResolvers<void>();
    service.onStatus(() => ended.resolve());
    lease[Symbol.dispose]();
    await ended.promise;
    assert.equal(service.pid, undefined);
    assert.deepEqual(readdirSync(join(stateDir, "language")), []);
    await service.close();
    rmSync(stateDir, { recursive: true });
  });
});
