import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { LiveKernel } from "./testing/live-kernel.ts";

let kernel: LiveKernel;
before(async () => {
  kernel = await LiveKernel.start({ preloads: [join(import.meta.dirname, "../../ops/src/globals.ts")] });
  await kernel.run(
    "const cp = require('node:child_process'); const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms))",
  );
});
after(() => kernel[Symbol.asyncDispose]());

/** The process ids in the file of this name, which a child process writes, once they are that many. */
async function pidsIn(name: string, count: number): Promise<number[]> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const pids = (await readFile(join(kernel.folder, name), "utf8").catch(() => "")).split("\n").filter(Boolean);
    if (pids.length >= count) return pids.map(Number);
    await setTimeout(10);
  }
  return assert.fail(`nothing wrote ${name}`);
}

/** True while the process is there and no zombie. */
function runs(pid: number): boolean {
  return existsSync(`/proc/${pid}/exe`) && existsSync(`/proc/${pid}/fd`);
}

async function gone(pids: readonly number[]): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (pids.some(isThere)) {
    assert.ok(Date.now() < deadline, `of ${pids} there are ${pids.filter(isThere)}`);
    await setTimeout(10);
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return runs(pid);
  } catch {
    return false;
  }
}

/** A shell and a child of it that ignores SIGINT, as what a shell starts in the background does. */
const tree = (file: string) => `sh -c 'echo $$ >> ${file}; sleep 600 & echo $! >> ${file}; wait'`;

const STARTERS: Record<string, (command: string) => string> = {
  "spawn, output piped": (command) => `cp.spawn('sh', ['-c', ${command}]); await sleep(600_000)`,
  "spawn, streams inherited": (command) =>
    `cp.spawn(${command}, { shell: true, stdio: 'inherit' }); await sleep(600_000)`,
  execSync: (command) => `cp.execSync(${command})`,
  "execSync, streams inherited": (command) => `cp.execSync(${command}, { stdio: 'inherit' })`,
  "the sh helper": (command) => `await sh\`sh -c \${${command}}\``,
  "a promise of its end, in a loop": (command) =>
    `for (;;) await require('node:util').promisify(cp.exec)(${command}).catch(() => {})`,
};

for (const [i, [title, code]] of Object.entries(STARTERS).entries()) {
  test(`[part of 3.5-interrupt] an interrupt ends the whole process tree: ${title}`, async () => {
    const id = await kernel.submit(code(JSON.stringify(tree(`tree-${i}`))));
    const pids = await pidsIn(`tree-${i}`, 2);
    await kernel.interrupt();
    assert.equal((await kernel.finished(id)).reply.status, "error");
    await gone(pids);
  });
}

test("[part of 3.5-interrupt] what does not end at once is listed in the cell, and is killed in the end", async () => {
  const id = await kernel.submit(
    `cp.spawn('sh', ['-c', "trap '' INT TERM; echo $$ > stubborn; while :; do sleep 1; done"], { stdio: 'inherit' }); await sleep(600_000)`,
  );
  const [pid = 0] = await pidsIn("stubborn", 1);
  await kernel.interrupt();
  await kernel.finished(id);
  await kernel.until(() => kernel.runOf(id).stderr.includes(`${pid} sh -c`));
  assert.match(kernel.runOf(id).stderr, /go on: they get SIGTERM now, SIGKILL in 2 s/);
  await gone([pid]);
});

test("output of children that inherit the kernel's streams belongs to the cell that started them", async () => {
  const first = await kernel.run(
    `cp.spawn("sh", ["-c", "sleep 0.2; echo out; echo err >&2"], { stdio: "inherit" }); console.log("before")`,
  );
  const second = await kernel.run("console.log('mine')");
  await kernel.until(
    () => kernel.runOf(first.id).stderr === "err\n" && kernel.runOf(first.id).stdout === "before\nout\n",
  );
  assert.equal(second.stdout, "mine\n");
  assert.equal(kernel.log, "");
});

test("output of children that a cell waits for in a system call arrives while it waits, in its place", async () => {
  const id = await kernel.submit(
    `console.log("one"); cp.execSync("echo two; echo err >&2; mkfifo hold; read x < hold; echo three", { stdio: "inherit" }); console.log("four")`,
  );
  await kernel.until(() => kernel.runOf(id).stdout === "one\ntwo\n" && kernel.runOf(id).stderr === "err\n");
  await kernel.interrupt();
  const run = await kernel.finished(id);
  assert.equal(run.reply.status, "error");
  const whole = await kernel.run(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a cell
    'console.log("one"); const r = cp.spawnSync("sh", ["-c", "echo two; exit 3"], { stdio: [0, 1, "pipe"] }); console.log(`three ${r.status} ${r.stdout}`)',
  );
  assert.equal(whole.stdout, "one\ntwo\nthree 3 null\n");
  assert.equal(kernel.log, "");
});

test("children whose streams are their own are left alone", async () => {
  const run = await kernel.run(
    "const c = cp.spawn('echo', ['hi']); let text = ''; c.stdout.on('data', (d: Buffer) => { text += d }); await new Promise((r) => c.on('close', r)); text + cp.execSync('echo ho') + cp.spawnSync('echo', ['he'], { encoding: 'utf8' }).stdout",
  );
  assert.equal(run.result?.["text/plain"], "'hi\\nho\\nhe\\n'");
});
