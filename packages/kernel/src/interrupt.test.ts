import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { LiveKernel, type Run } from "./testing/live-kernel.ts";

let kernel: LiveKernel;
before(async () => {
  kernel = await LiveKernel.start();
  await kernel.run(
    "let kept = 'kept'; const marks: string[] = []; const sleep = (ms: number) => new Promise((r) => setTimeout(r, ms))",
  );
});
after(() => kernel[Symbol.asyncDispose]());

/** What tells the test that the cell is where it shall be interrupted. */
const STARTED = 'console.log("started")';

async function interrupted(code: string): Promise<Run> {
  const id = await kernel.submit(code.includes(STARTED) ? code : `${STARTED}; ${code}`);
  await kernel.until(() => kernel.runOf(id).stdout.includes("started"));
  assert.equal((await kernel.interrupt()).status, "ok");
  const run = await kernel.finished(id);
  assert.equal(run.reply.status === "error" && run.reply.ename, "InterruptedError", code);
  return run;
}

async function alive(): Promise<void> {
  assert.equal((await kernel.run("kept")).result?.["text/plain"], "'kept'");
}

const ENDLESS: Record<string, string> = {
  "a tight loop": "while (true) {}",
  "a loop that catches everything": "while (true) { try { null.x } catch {} }",
  "a regular expression that backtracks": '/^(a+)+$/.test("a".repeat(40) + "b")',
  "Atomics.wait": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
  "microtasks without end": "const spin = (): Promise<void> => Promise.resolve().then(spin); await spin()",
  "nextTick without end": "await new Promise(() => { const tick = () => process.nextTick(tick); tick() })",
  "a pending await": "await new Promise(() => {})",
  "a long timer": "await sleep(600_000)",
  "a loop in a timer": 'await new Promise(() => setTimeout(() => { console.log("started"); for (;;) {} }, 1))',
  "a loop of awaits": "for (;;) await sleep(1)",
  "a loop of awaits in a function": "async function poll() { for (;;) await sleep(1) } await poll()",
  "for await": "async function* forever() { for (;;) { await sleep(1); yield 1 } } for await (const x of forever()) x",
  execSync: 'require("node:child_process").execSync("sleep 600")',
  "an awaited child process":
    'await new Promise((r) => require("node:child_process").spawn("sleep", ["600"]).on("exit", r)); await new Promise(() => {})',
  "a flood of output": 'for (;;) console.log("flood")',
  "a value that never stops being shown": "({ [Symbol.for('opsbook.display')]() { for (;;) {} } })",
  "a finally block that loops": "try { await new Promise(() => {}) } finally { for (;;) {} }",
};

for (const [title, code] of Object.entries(ENDLESS)) {
  test(`[3.5-interrupt] ${title}`, async () => {
    await interrupted(code);
    await alive();
  });
}

test("[3.5-interrupt] a cell that was interrupted does not go on behind its await", async () => {
  await interrupted('await sleep(50); marks.push("top level")');
  await interrupted('async function nested() { await sleep(50); marks.push("nested") } await nested()');
  await kernel.run("await sleep(120)");
  assert.equal((await kernel.run("marks.length")).result?.["text/plain"], "0");
});

test("[3.5-interrupt] finally blocks run, and the signal that helpers see aborts", async () => {
  await interrupted('try { await sleep(60_000) } finally { marks.push("cleaned") }');
  await interrupted(
    'globalThis[Symbol.for("opsbook.host")].signal().addEventListener("abort", () => marks.push("aborted")); await sleep(60_000)',
  );
  assert.equal((await kernel.run("marks.join()")).result?.["text/plain"], "'cleaned,aborted'");
});

test("[3.5-interrupt] children of the cell end with it, those of other cells live", async () => {
  const other = await kernel.run('const other = require("node:child_process").spawn("sleep", ["600"]); other.pid');
  const pid = Number(other.result?.["text/plain"]);
  const run = await interrupted(
    'const mine = require("node:child_process").spawn("sh", ["-c", "sleep 600 & wait"]); mine.on("spawn", () => console.log("pid", mine.pid)); await sleep(60_000)',
  );
  await interrupted('require("node:child_process").execSync("sleep 600")');
  await kernel.run('await new Promise((r) => (mine.exitCode ?? mine.signalCode) ? r(0) : mine.on("exit", r))');
  assert.ok(run);
  process.kill(pid, 0);
  await kernel.run('other.kill("SIGKILL")');
});

test("[3.5-interrupt] with nothing running it changes nothing, and a loop in the background is stopped", async () => {
  assert.equal((await kernel.interrupt()).status, "ok");
  await alive();
  await kernel.run('setTimeout(() => { console.log("in the loop"); for (;;) {} }, 1)');
  await kernel.until(() => kernel.heard.some(({ message }) => String(message.content.text).includes("in the loop")));
  await kernel.interrupt();
  await alive();
});

test("[3.5-interrupt] the garbage of cells that were cut off or given up is collected without harm", async () => {
  await kernel.run(
    'require("node:v8").setFlagsFromString("--expose-gc"); const gc = require("node:vm").runInNewContext("gc")',
  );
  const left = [
    `await null; ${STARTED}; for (;;) {}`,
    `try { ${STARTED}; await new Promise(() => {}) } catch {} await new Promise(() => {})`,
    `async function* silent() { ${STARTED}; await new Promise(() => {}) } for await (const x of silent()) x`,
    `await (async () => { await null; ${STARTED}; for (;;) {} })()`,
  ];
  for (const code of left) {
    await interrupted(code);
    for (let i = 0; i < 3; i++) await kernel.run("gc(); await sleep(1)");
  }
  const pending = await kernel.submit(
    `setInterval(() => gc(), 5); ${STARTED}; for await (const x of { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }) x`,
  );
  await kernel.until(() => kernel.runOf(pending).stdout.includes("started"));
  await kernel.interrupt();
  await kernel.finished(pending);
  await alive();
});

test("[3.5-interrupt] modules that are loading are not cut off half-way", async () => {
  await kernel.run(
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a cell
    'const { writeFileSync } = require("node:fs"); for (let i = 0; i < 30; i++) writeFileSync(`m${i}.cjs`, `const t = Date.now(); while (Date.now() - t < 20); exports.whole = ${i === 29 ? 1 : `require("./m${i + 1}.cjs").whole`}`)',
  );
  const id = await kernel.submit(`${STARTED}; require("./m0.cjs"); await new Promise(() => {})`);
  await kernel.until(() => kernel.runOf(id).stdout.includes("started"));
  await kernel.interrupt();
  assert.equal((await kernel.finished(id)).reply.status, "error");
  assert.equal((await kernel.run('require("./m0.cjs").whole')).result?.["text/plain"], "1");
});

test("[3.5-interrupt] what was queued behind an interrupted cell is told so", async () => {
  const first = await kernel.submit("console.log('running'); await sleep(60_000)");
  const second = await kernel.submit("kept = 'changed'");
  await kernel.until(() => kernel.runOf(first).stdout.includes("running"));
  await kernel.interrupt();
  assert.equal((await kernel.finished(second)).reply.status, "aborted");
  await alive();
});

test("[3.5-interrupt] 200 mixed interrupts in a row leave 20 background tasks alive", async () => {
  await kernel.run(
    "const ticks = new Array(20).fill(0); const stop = ticks.map((_, i) => setInterval(() => { ticks[i]++ }, 5)); void (async () => { for (;;) { await sleep(5); ticks[0]++ } })()",
  );
  const kinds = Object.values(ENDLESS).slice(0, 12);
  for (let i = 0; i < 200; i++)
    await interrupted(
      (kinds[i % kinds.length] ?? "").replaceAll(/\bconst (spin)\b/g, "let $1").replaceAll("forever", `forever${i}`),
    );
  await kernel.run("const then = [...ticks]; while (ticks.some((n, i) => n <= then[i])) await sleep(5)");
  await kernel.run("stop.forEach(clearInterval)");
  await alive();
});

test("[3.5-interrupt] timers of an interrupted cell no longer run, those of other cells do", async () => {
  await kernel.run("let mine = 0, others = 0; const later = (f: () => void, ms: number) => setTimeout(f, ms)");
  await kernel.run("const other = setInterval(() => others++, 1); setTimeout(() => others++, 1)");
  await interrupted(
    "setInterval(() => mine++, 1); setTimeout(() => mine++, 60); later(() => mine++, 60); setImmediate(function again() { mine++; setImmediate(again) }); await sleep(60_000)",
  );
  await kernel.run("const then = [mine, others]; while (others < then[1] + 100) await sleep(1)");
  assert.equal((await kernel.run("clearInterval(other); mine - then[0]")).result?.["text/plain"], "0");
});

test("[3.5-interrupt] a module that loops while it is imported is not half loaded for ever", async () => {
  for (const [name, load] of [
    ["endless.mjs", "(await import('./endless.mjs')).ok"],
    ["endless.cjs", "require('./endless.cjs').ok"],
    ["endless.ts", "import { ok } from './endless.ts'; ok"],
  ] as const) {
    const text = "console.log('started'); while (!globalThis.mended) {} ";
    const ok = name.endsWith(".cjs") ? "exports.ok = 'whole'" : "export const ok = 'whole'";
    await writeFile(join(kernel.folder, name), text + ok);
    const id = await kernel.submit(load);
    await kernel.until(() => kernel.runOf(id).stdout.includes("started"));
    await kernel.interrupt();
    assert.equal((await kernel.finished(id)).reply.status, "error");
    await kernel.run("globalThis.mended = true");
    assert.equal((await kernel.run(load)).result?.["text/plain"], "'whole'", name);
    await kernel.run("globalThis.mended = false");
  }
});
