import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { LiveKernel } from "./testing/live-kernel.ts";

let kernel: LiveKernel;
before(async () => {
  kernel = await LiveKernel.start({
    files: { "boom.ts": "export function boom(): never {\n  throw new RangeError('from a file');\n}" },
  });
});
after(() => kernel[Symbol.asyncDispose]());

async function failure(code: string) {
  const run = await kernel.run(code);
  assert.equal(run.reply.status, "error");
  const [error] = run.errors;
  assert.ok(error);
  const count = run.reply.status === "error" ? run.reply.execution_count : null;
  return { run, error, count, text: stripVTControlCharacters(error.traceback.join("\n")) };
}

test("name, message and place of the person's own line and column", async () => {
  const { error, text, count } = await failure(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a cell
    "interface Long { a: string }\nconst ok: number = 1;\n\nfunction fail(x: number): never {\n  throw new TypeError(`bad ${x}`);\n}\nfail(ok as number);",
  );
  assert.deepEqual([error.ename, error.evalue], ["TypeError", "bad 1"]);
  assert.match(text, new RegExp(`at fail \\(In\\[${count}\\]:5:9\\)`));
  assert.match(text, new RegExp(`at In\\[${count}\\]:7:1\\b`));
  assert.match(text, /> 5 \| {3}throw new TypeError/);
  assert.doesNotMatch(text, /packages\/kernel|__opsbook|AsyncLocalStorage|inspector/);
});

test("columns hold behind rewritten imports, awaits and wide characters", async () => {
  const code = 'import { join } from "node:path"; const 𝒳 = "😀"; await null; join(𝒳); await null.x;';
  const { text, count } = await failure(code);
  assert.match(text, new RegExp(`In\\[${count}\\]:1:${code.lastIndexOf("x") + 1}\\b`), text);
});

test("a function of an earlier cell is named by that cell's number", async () => {
  const made = await kernel.run("\nfunction earlier() {\n  null.x\n}");
  const { text } = await failure("earlier()");
  assert.match(
    text,
    new RegExp(`at earlier \\(In\\[${made.reply.status === "ok" && made.reply.execution_count}\\]:3:8\\)`),
  );
});

test("a library's frames stay", async () => {
  const { text, error } = await failure('import { boom } from "./boom.ts"; boom()');
  assert.equal(error.ename, "RangeError");
  assert.match(text, /boom\.ts:2:9/);
});

test("frames in this repository's packages are at the lines of their files", async () => {
  const file = join(import.meta.dirname, "../../jupyter/src/codec.ts");
  const { text } = await failure(`const codec = await import(${JSON.stringify(file)}); codec.decodeMessage([], "")`);
  const line = /codec\.ts:(\d+):\d+/.exec(text)?.[1];
  assert.match(
    (await readFile(file, "utf8")).split("\n")[Number(line) - 1] ?? "",
    /throw new JupyterError\("bad-frames"/,
  );
});

test("an error from the depths of a library names the await it came through", async () => {
  const code =
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a cell
    "const host: string = '127.0.0.1';\nconst ok = await 1;\nawait require('node:fs/promises').readFile(`/no/such/${host}`)";
  const { text, count } = await failure(code);
  assert.match(text, new RegExp(`at await In\\[${count}\\]:3:1`));
  assert.match(text, /> 3 \| await require/);
  const missing = await failure("\nimport './not-there.ts'");
  assert.match(missing.text, new RegExp(`at await In\\[${missing.count}\\]:2:1`));
});

test("causes, aggregates, extra fields, cycles", async () => {
  const { text } = await failure(
    "const inner = Object.assign(new Error('inner'), { code: 'E_IN' }); inner.cause = inner; throw new AggregateError([inner, new Error('second')], 'many', { cause: new Error('why', { cause: 'plain' }) })",
  );
  for (const part of [/many/, /Caused by:/, /why/, /'plain'/, /inner/, /E_IN/, /second/]) assert.match(text, part);
});

test("thrown values that are no errors", async () => {
  assert.equal((await failure("throw 5")).error.evalue, "5");
  assert.equal((await failure("throw undefined")).error.evalue, "undefined");
  assert.equal((await failure("throw { a: 1 }")).error.evalue, "{ a: 1 }");
  assert.equal((await failure("throw { get stack() { throw 1 }, message: 1 }")).run.reply.status, "error");
  assert.equal(
    (await failure("throw new Proxy({}, { get() { throw 1 }, has() { throw 2 } })")).run.reply.status,
    "error",
  );
});

test("a syntax error points at its line and column", async () => {
  const { error, text, count } = await failure('const fine = 1;\nconst bad: = "😀";');
  assert.equal(error.ename, "SyntaxError");
  assert.match(text, new RegExp(`In\\[${count}\\]:2:12`));
});

test("a printed error speaks of cells too", async () => {
  const run = await kernel.run("try { null.x } catch (e) { console.log(e.stack); console.error(e) }");
  const count = run.reply.status === "ok" && run.reply.execution_count;
  assert.match(run.stdout, new RegExp(`at In\\[${count}\\]:1:12`));
  assert.match(run.stderr, new RegExp(`In\\[${count}\\]:1:12`));
});

test("errors after the end go to the cell that caused them and end nothing", async () => {
  const cells = {
    timer: "setTimeout(() => { throw new Error('late timer') }, 5); 0",
    rejection: "void Promise.reject(new Error('late rejection')); 0",
    asynchronous:
      "void (async () => { await new Promise((r) => setTimeout(r, 5)); throw new Error('late asynchronous') })(); 0",
    stream: "require('node:fs').createReadStream('/no/late stream'); 0",
    emitter: "setImmediate(() => new (require('node:events'))().emit('error', new Error('late emitter'))); 0",
  };
  const ids = new Map<string, string>();
  for (const [name, code] of Object.entries(cells)) {
    const run = await kernel.run(code);
    assert.equal(run.reply.status, "ok");
    ids.set(name, run.id);
  }
  for (const [name, id] of ids) {
    const error = await kernel.until(() => kernel.runOf(id).errors[0]);
    assert.match(error.evalue, new RegExp(`late ${name}`));
  }
  assert.equal((await kernel.run("1 + 1")).result?.["text/plain"], "2");
});

test("Node's own frames and fields that repeat the message are left out", async () => {
  await kernel.run(
    'const lose = () => Object.assign(new Error("gone: /nope"), { path: "/nope", empty: "", none: undefined, status: 7 });',
  );
  const { text } = await failure("await new Promise((_, no) => setImmediate(() => no(lose())));");
  const [, fields = ""] = text.split("In[").at(-1)?.split("{") ?? [];
  assert.doesNotMatch(text, /node:internal/);
  assert.match(fields, /status: 7/);
  assert.doesNotMatch(fields, /path|empty|none/);
});
