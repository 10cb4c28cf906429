import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LiveKernel } from "./testing/live-kernel.ts";

let kernel: LiveKernel;
before(async () => {
  kernel = await LiveKernel.start();
});
after(() => kernel[Symbol.asyncDispose]());

test("console and process streams arrive as stdout and stderr", async () => {
  const run = await kernel.run(`
    console.log("a", 1, true); console.info("b"); console.error("c"); console.warn("%s=%d", "d", 4);
    process.stdout.write("e\\n"); process.stderr.write(Buffer.from("f\\n"));
    console.table([{ x: 1 }]); console.group("g"); console.log("h"); console.groupEnd(); console.log("i")`);
  assert.match(run.stdout, /^a 1 true\nb\ne\n┌[\s\S]*┘\ng\n {2}h\ni\n$/);
  assert.equal(run.stderr, "c\nd=4\nf\n");
});

test("text split between bytes of a character arrives whole", async () => {
  const run = await kernel.run(
    'const euro = Buffer.from("€𝄞"); for (const b of euro) process.stdout.write(Buffer.from([b]));',
  );
  assert.equal(run.stdout, "€𝄞");
});

test("lines leave while the cell blocks its thread", async () => {
  const id = await kernel.submit(
    'console.log("one"); console.log("two"); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)',
  );
  await kernel.until(() => kernel.runOf(id).stdout === "one\ntwo\n");
  assert.equal(
    kernel.of(id).some(({ message }) => message.header.msg_type === "execute_reply"),
    false,
  );
  await kernel.interrupt();
  await kernel.finished(id);
});

test("streams, displays and the result keep their order", async () => {
  const run = await kernel.run(`
    for (let i = 0; i < 300; i++) { console.log("t" + i); display("d" + i); if (i % 7 === 0) console.error("e" + i) }
    "end"`);
  const order: string[] = [];
  for (const { message } of kernel.of(run.id)) {
    const { content } = message;
    if (message.header.msg_type === "stream") order.push(...String(content.text).trim().split("\n"));
    if (message.header.msg_type === "display_data") {
      order.push(
        JSON.stringify(content.data).includes("'") ? (/'(d\d+)'/.exec(JSON.stringify(content.data))?.[1] ?? "") : "",
      );
    }
    if (message.header.msg_type === "execute_result") order.push("end");
  }
  const wanted = Array.from({ length: 300 }, (_, i) => [`t${i}`, `d${i}`, ...(i % 7 === 0 ? [`e${i}`] : [])]).flat();
  assert.deepEqual(order, [...wanted, "end"]);
});

test("output that comes later belongs to the cell that caused it", async () => {
  const first = await kernel.run(`
    setTimeout(() => { console.log("timer") }, 20);
    setImmediate(() => process.nextTick(() => console.error("tick")));
    void (async () => { for (let i = 0; i < 3; i++) { await new Promise((r) => setTimeout(r, 10)); console.log("async", i) } })();
    import("node:child_process").then(({ execFile }) => execFile("echo", ["child"], (_e, out) => process.stdout.write(out)));`);
  const second = await kernel.run('console.log("mine"); await new Promise((r) => setTimeout(r, 5))');
  await kernel.until(
    () =>
      /async 2/.test(kernel.runOf(first.id).stdout) &&
      /child/.test(kernel.runOf(first.id).stdout) &&
      /timer/.test(kernel.runOf(first.id).stdout),
  );
  assert.equal(kernel.runOf(second.id).stdout, "mine\n");
  assert.equal(kernel.runOf(first.id).stderr, "tick\n");
});

test("100,000 lines arrive complete, in few messages", async () => {
  const run = await kernel.run('for (let i = 0; i < 100_000; i++) console.log("line", i)');
  const lines = run.stdout.split("\n");
  assert.equal(lines.length, 100_001);
  assert.equal(lines[99_999], "line 99999");
  assert.ok(kernel.of(run.id, "stream").length < 1000);
});

test("60 MB pass through the 4 MB ring without loss", async () => {
  const run = await kernel.run(
    'const block = "x".repeat(1e6) + "\\n"; for (let i = 0; i < 60; i++) process.stdout.write(block)',
  );
  assert.equal(run.stdout.length, 60 * (1e6 + 1));
});

test("a cell that replaces console or process.stdout does not silence the next one", async () => {
  await kernel.run("globalThis.savedConsole = globalThis.console; globalThis.console = { log() {} } as any");
  const run = await kernel.run('process.stdout.write("still\\n"); display("here"); 7');
  assert.equal(run.stdout, "still\n");
  assert.equal(run.result?.["text/plain"], "7");
  await kernel.run("globalThis.console = globalThis.savedConsole");
  assert.equal((await kernel.run('console.log("back")')).stdout, "back\n");
});

test("oddities of Object.prototype do not break the kernel", async () => {
  await kernel.run(
    'Object.prototype.odd = "inherited"; Object.defineProperty(Object.prototype, "hidden", { value: 1, configurable: true })',
  );
  const run = await kernel.run("console.log({ a: 1 }); [{ a: 1 }]");
  assert.equal(run.reply.status, "ok");
  assert.deepEqual((run.result?.["application/vnd.dataresource+json"] as { data: unknown })?.data, [{ a: 1 }]);
  assert.equal((await kernel.run("throw new Error('x')")).errors.length, 1);
  assert.equal((await kernel.run("delete Object.prototype.odd && delete Object.prototype.hidden")).reply.status, "ok");
});

test("20,000 cells leave no heap, no handle and no file behind", async (t) => {
  const figures = async (): Promise<{ heap: number; handles: number; files: number }> => {
    const run = await kernel.run(
      'require("node:v8").setFlagsFromString("--expose-gc"); require("node:vm").runInNewContext("gc")(); JSON.stringify({ heap: process.memoryUsage().heapUsed, handles: process.getActiveResourcesInfo().length, files: require("node:fs").readdirSync("/proc/self/fd").length })',
      { store_history: false },
    );
    return JSON.parse(String(run.result?.["text/plain"]).slice(1, -1));
  };
  const cells = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 100) {
      const ids = await Promise.all(
        Array.from({ length: 100 }, () => kernel.submit("let big = new Array(1000).fill(1.5); await null; big.length")),
      );
      for (const id of ids) await kernel.finished(id);
      kernel.clear();
    }
  };
  // What every session has in the end: compiled code, the bounded memory of inputs, outputs and positions.
  await cells(5000);
  const before = await figures();
  await cells(15_000);
  const after = await figures();
  t.diagnostic(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
  assert.ok(after.heap - before.heap < 16 * 1024 * 1024, JSON.stringify({ before, after }));
  assert.ok(after.handles <= before.handles + 2 && after.files <= before.files + 2, JSON.stringify({ before, after }));
});
