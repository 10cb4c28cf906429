import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { LiveKernel } from "./testing/live-kernel.ts";

const FILES = {
  "leaf.ts": "export const leaf: string = 'one';",
  "middle.ts": "import { leaf } from './leaf.ts'; export const middle = 'middle of ' + leaf;",
  "still.ts": "export const state = { loads: Math.random() };",
  "old.cjs": "exports.value = 1;",
  "data.json": '{ "v": 1 }',
};

async function kernelWithFiles() {
  const kernel = await LiveKernel.start({ files: FILES });
  return {
    kernel,
    write: (name: string, text: string) => writeFile(join(kernel.folder, name), text),
    value: async (code: string) => {
      const run = await kernel.run(code);
      return run.reply.status === "error" ? `${run.reply.ename}: ${run.reply.evalue}` : run.result?.["text/plain"];
    },
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

test("[part of 3.1-state] an import run again loads what changed on disk, and what depends on it, and nothing else", async () => {
  await using at = await kernelWithFiles();
  const load = "import { middle } from './middle.ts'; import { state } from './still.ts'; ";
  assert.equal(await at.value(`${load} middle`), "'middle of one'");
  await at.value("const first = state");
  await at.write("leaf.ts", "export const leaf = 'two';");
  assert.equal(await at.value("middle"), "'middle of one'");
  assert.equal(await at.value(`${load} [middle, state === first].join()`), "'middle of two,true'");
  assert.equal(await at.value("(await import('./leaf.ts')).leaf"), "'two'");
});

test("JSON and CommonJS files that changed are loaded anew too", async () => {
  await using at = await kernelWithFiles();
  const json = "import data from './data.json' with { type: 'json' }; data.v";
  const common = "import old from './old.cjs'; [old.value, require('./old.cjs').value].join()";
  assert.deepEqual([await at.value(json), await at.value(common)], ["1", "'1,1'"]);
  await at.write("data.json", '{ "v": 2 }');
  await at.write("old.cjs", "exports.value = 2;");
  assert.deepEqual([await at.value(json), await at.value(common)], ["2", "'2,2'"]);
});

test("a module that failed is tried again by the next import", async () => {
  await using at = await kernelWithFiles();
  await at.write("flaky.ts", "if (!globalThis.ready) throw new Error('not yet'); export const ok = 1;");
  await at.write("above.ts", "export * from './flaky.ts';");
  assert.match(String(await at.value("import { ok } from './above.ts'; ok")), /not yet/);
  await at.value("globalThis.ready = true");
  assert.equal(await at.value("import { ok } from './above.ts'; ok"), "1");
  await at.write("wrong.ts", "export const = 1");
  assert.match(String(await at.value("import './wrong.ts'")), /SyntaxError/);
  await at.write("wrong.ts", "export const right = 1");
  assert.equal(await at.value("import { right } from './wrong.ts'; right"), "1");
});

test("errors name the file without the version the kernel gave it", async () => {
  await using at = await kernelWithFiles();
  await at.value("import { leaf } from './leaf.ts'");
  await at.write("leaf.ts", "export const leaf = () => { throw new Error('from leaf'); };");
  const run = await at.kernel.run("import { leaf } from './leaf.ts'; leaf()");
  assert.match(run.errors[0]?.traceback.join("\n") ?? "", /leaf\.ts:1:\d+/);
  assert.doesNotMatch(run.errors[0]?.traceback.join("\n") ?? "", /version/);
});

test("a name that a module does not export is an error at its import, also when only later cells would use it", async () => {
  await using at = await kernelWithFiles();
  await at.write("types.ts", "export interface Shape { a: 1 } export const shape = 1;");
  const run = await at.kernel.run("\nimport { leaf, nope } from './leaf.ts'");
  const [error] = run.errors;
  assert.match(error?.evalue ?? "", /"\.\/leaf\.ts" has no export named "nope".*import \{ type nope \}/);
  assert.match(error?.traceback.join("\n") ?? "", /In\[1\]:2:1/);
  assert.equal((await at.kernel.run("import { Shape, shape } from './types.ts'")).reply.status, "ok");
  assert.equal((await at.kernel.run("import { Stats } from 'node:fs'")).reply.status, "ok");
  assert.equal((await at.kernel.run("import { StatOptions } from 'node:fs'; let o: StatOptions")).reply.status, "ok");
  assert.equal((await at.kernel.run("import { StatOptions } from 'node:fs'")).reply.status, "error");
});
