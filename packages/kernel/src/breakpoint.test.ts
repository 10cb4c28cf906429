import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveKernel } from "./testing/live-kernel.ts";

const PROGRAM = `
async function fix(host: string) {
  const special = { host, tries: 3 };
  await nb.breakpoint({ banner: "look at special", locals: { special } });
  return special.tries;
}
const tries = await fix("web1");
console.log("went on");
tries`;

const text = (run: { result: object | null }): unknown => Reflect.get(Object(run.result), "text/plain");

async function stopped(kernel: LiveKernel, code: string): Promise<string> {
  const id = await kernel.submit(code);
  await kernel.until(() => kernel.runOf(id).stdout.includes("Stopped"));
  return id;
}

test("[part of 3.2-embed] cells run at a breakpoint, with its names; the program goes on and they are gone", async () => {
  await using kernel = await LiveKernel.start();
  const id = await stopped(kernel, PROGRAM);
  assert.match(kernel.runOf(id).stdout, /^look at special\nStopped with special\./);
  assert.match(String(text(await kernel.run("special.host"))), /web1/);
  await kernel.run("special.tries = 5");
  const failed = await kernel.run("nobody()");
  assert.equal(failed.reply.status, "error");
  // Queued behind the cell that says it: the program comes first.
  const [go, queued] = [
    await kernel.submit("%continue\nconsole.log('still here')"),
    await kernel.submit("typeof special"),
  ];
  const run = await kernel.finished(id);
  assert.equal(text(run), "5");
  assert.match(run.stdout, /went on\n$/);
  assert.equal((await kernel.finished(go)).stdout, "still here\n");
  assert.match(String(text(await kernel.finished(queued))), /undefined/);
  assert.match((await kernel.run("nb.continue()")).errors[0]?.evalue ?? "", /No program is stopped/);
});

test("[part of 3.2-embed] breakpoints nest, an interrupt ends the innermost, and the kernel goes on", async () => {
  await using kernel = await LiveKernel.start();
  const outer = await stopped(kernel, "await nb.breakpoint({ locals: { level: 1 } }); 'outer ended'");
  const inner = await stopped(kernel, "await nb.breakpoint({ locals: { level: 2 } }); 'inner ended'");
  assert.equal(text(await kernel.run("level")), "2");
  await kernel.interrupt();
  assert.equal((await kernel.finished(inner)).reply.ename, "InterruptedError");
  assert.equal(text(await kernel.run("level")), "1");
  const loop = await kernel.submit("console.log('begun'); for (;;) {}");
  await kernel.until(() => kernel.runOf(loop).stdout.includes("begun"));
  await kernel.interrupt();
  assert.equal((await kernel.finished(loop)).reply.ename, "InterruptedError");
  await kernel.run("nb.continue()");
  assert.match(String(text(await kernel.finished(outer))), /outer ended/);
  const again = await stopped(kernel, "await nb.breakpoint()");
  await kernel.interrupt();
  assert.equal((await kernel.finished(again)).reply.ename, "InterruptedError");
  assert.equal(text(await kernel.run("1 + 1")), "2");
});
