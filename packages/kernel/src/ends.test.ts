import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { LiveKernel, type LiveOptions } from "./testing/live-kernel.ts";

/** Runs a cell that ends the kernel's process. Answers how it ended and what the cell showed. */
async function lastWords(code: string, options?: LiveOptions) {
  await using kernel = await LiveKernel.start(options);
  await kernel.run("let before = 'set'");
  const id = await kernel.submit(code);
  const exit = await kernel.exit();
  // What the process sent may be read after its end was noticed.
  const deadline = Date.now() + 30_000;
  const replied = () => kernel.of(id).some(({ channel }) => channel === "shell");
  const said = () => replied() && kernel.runOf(id).stderr.includes("the kernel ends");
  while (kernel.log === "" && !said() && Date.now() < deadline) await setTimeout(10);
  const { stdout, stderr } = kernel.runOf(id);
  const status = replied() ? kernel.runOf(id).reply.status : null;
  return { ...exit, stdout, stderr, log: kernel.log, status };
}

test("[part of 3.5-interrupt] process.exit: what was printed arrives, the cell tells the cause and has its reply", async () => {
  const end = await lastWords("console.log('last line'); process.exit(3)");
  assert.deepEqual([end.code, end.signal, end.stdout, end.status], [3, null, "last line\n", "error"]);
  assert.match(end.stderr, /process\.exit\(3\) was called: the kernel ends/);
});

test("[part of 3.5-interrupt] process.exit in a timer of a cell that ended", async () => {
  const end = await lastWords("setTimeout(() => process.exit(4), 10); 1");
  assert.equal(end.code, 4);
  assert.match(end.stderr, /process\.exit\(4\)/);
});

test("[part of 3.5-interrupt] process.abort tells its cause and aborts", async () => {
  const end = await lastWords("console.log('last line'); process.abort()");
  assert.deepEqual([end.signal, end.stdout, end.status], ["SIGABRT", "last line\n", "error"]);
  assert.match(end.stderr, /process\.abort\(\) was called/);
});

test("[part of 3.5-interrupt] a deadly signal to itself tells its cause and ends the process by that signal", async () => {
  for (const signal of ["SIGSEGV", "SIGKILL", "SIGTERM"]) {
    const end = await lastWords(`console.log('last line'); process.kill(process.pid, '${signal}')`);
    assert.deepEqual([end.signal, end.stdout], [signal, "last line\n"]);
    assert.match(end.stderr, new RegExp(`sent ${signal} by its own code`));
  }
});

test("a signal that a cell listens to ends nothing", async () => {
  await using kernel = await LiveKernel.start();
  await kernel.run("let got = 0; process.on('SIGTERM', () => got++); process.kill(process.pid, 'SIGTERM')");
  assert.equal(
    (await kernel.run("while (got === 0) await new Promise((r) => setTimeout(r, 1)); got")).result?.["text/plain"],
    "1",
  );
  assert.equal((await kernel.run("process.kill(process.pid, 0)")).result?.["text/plain"], "true");
});

test("[part of 3.5-interrupt] out of memory: the engine's words are in the process's log, which its keeper shows", async () => {
  const end = await lastWords("const hoard: unknown[] = []; for (;;) hoard.push(new Array(1e5).fill(1.1))", {
    env: { NODE_OPTIONS: "--max-old-space-size=80" },
  });
  assert.equal(end.signal, "SIGABRT");
  assert.match(end.log, /heap out of memory/);
});

test("unhandled errors end nothing, also when a cell removes every listener of the process", async () => {
  await using kernel = await LiveKernel.start();
  await kernel.run("process.removeAllListeners(); await null");
  const run = await kernel.run(
    "setTimeout(() => { throw new Error('late one') }, 1); void Promise.reject(new Error('late two'))",
  );
  await kernel.until(() => kernel.runOf(run.id).errors.length === 2);
  await kernel.run("process.removeAllListeners('uncaughtException')");
  const again = await kernel.run("setImmediate(() => { throw new Error('late three') })");
  await kernel.until(() => kernel.runOf(again.id).errors.length === 1);
  assert.equal((await kernel.run("1 + 1")).result?.["text/plain"], "2");
});

test("compiled code is kept for the next kernel, also when this one is killed, and cells do not see where", async () => {
  const folder = await mkdtemp(join(tmpdir(), "compiled-"));
  const files = async (): Promise<number> => (await readdir(folder, { recursive: true })).length;
  {
    await using kernel = await LiveKernel.start({ env: { NODE_COMPILE_CACHE: folder } });
    assert.equal((await kernel.run("process.env.NODE_COMPILE_CACHE")).result, null);
    // Each thread writes its own, both into one folder below this one.
    const deadline = Date.now() + 60_000;
    while ((await files()) < 20) {
      assert.ok(Date.now() < deadline, "nothing was kept");
      await setTimeout(20);
    }
    kernel.child.kill("SIGKILL");
  }
  await rm(folder, { recursive: true, force: true });
});
