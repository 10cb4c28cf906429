import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { run, watch } from "./testing/kernels.ts";
import { makePlace, until, writeKernelspecs } from "./testing/place.ts";

const START = { spec: "typescript", cwd: ".", label: "notes.ipynb" };

test("[3.1-eval] a cell's value, output and reply come in order, under the id of its execution", async () => {
  await using place = makePlace();
  const runtime = await place.start();
  const kernel = await runtime.startKernel(START);
  using seen = watch(kernel);
  await kernel.execute({
    executionId: "run-1",
    code: "console.log('hi'); 6 * 7",
    storeHistory: true,
    stopOnError: true,
    allowStdin: true,
  });
  await seen.saw(
    () => seen.contents("execute_reply").length > 0 && seen.contents("status").at(-1)?.execution_state === "idle",
  );
  assert.equal(kernel.state, "ready");
  assert.deepEqual(
    seen.events.map(({ kseq }) => kseq),
    seen.events.map((_, i) => i + 1),
  );
  const types = seen.events.flatMap((event) =>
    event.type === "message" && event.message.parent_header.msg_id === "run-1" ? [event.message.header.msg_type] : [],
  );
  assert.deepEqual(
    types.filter((type) => type !== "execute_reply"),
    ["status", "execute_input", "stream", "execute_result", "status"],
  );
  assert.equal(seen.text(), "hi\n");
  assert.deepEqual(
    runtime.kernels().map(({ id, label, cwd }) => [id, label, cwd]),
    [[kernel.id, "notes.ipynb", place.root]],
  );
  assert.equal(runtime.kernel(kernel.id), kernel);
});

test("replies of requests go to whoever asked and to nobody else; a listener can come from now on", async () => {
  await using place = makePlace();
  const kernel = await (await place.start()).startKernel(START);
  using all = watch(kernel);
  await run(kernel, "const answerable = 42");
  using late = watch(kernel, { after: Number.MAX_SAFE_INTEGER });
  const reply = await kernel.request(
    "shell",
    "complete_request",
    { code: "answera", cursor_pos: 7 },
    { timeout: 10_000 },
  );
  assert.equal(reply.header.msg_type, "complete_reply");
  assert.ok(JSON.stringify(reply.content.matches).includes("answerable"));
  await run(kernel, "console.log('now')");
  await late.saw(() => late.text() === "now\n" && all.text() === "now\n");
  assert.equal(all.contents("complete_reply").length, 0);
  assert.ok(late.events.length < all.events.length);

  const gone = kernel.request(
    "shell",
    "complete_request",
    { code: "a", cursor_pos: 1 },
    { timeout: 10_000, signal: AbortSignal.abort() },
  );
  await assert.rejects(gone, { code: "aborted" });
  const running = run(kernel, "await new Promise(() => {})");
  const unanswered = kernel.request("shell", "comm_msg", { comm_id: "none", data: {} }, { timeout: 50 });
  await assert.rejects(unanswered, { code: "timeout" });
  await kernel.interrupt();
  assert.equal((await running).status, "error");
});

test("[3.5-interrupt] an interrupt stops a tight loop and keeps the variables; a restart keeps the id only", async () => {
  await using place = makePlace();
  const kernel = await (await place.start()).startKernel(START);
  using seen = watch(kernel);
  await run(kernel, "let kept = 17");
  const loop = run(kernel, "console.log('looping'); while (true) {}");
  await seen.saw(() => seen.text().includes("looping"));
  await kernel.interrupt();
  assert.equal((await loop).status, "error");
  await run(kernel, "console.log('kept', kept)");
  await seen.saw(() => seen.text().includes("kept 17"));
  await kernel.restart();
  await run(kernel, "console.log('kept', typeof kept)");
  await seen.saw(() => seen.text().includes("kept undefined"));
  assert.deepEqual(
    seen.exits().map(({ expected, cause }) => [expected, cause]),
    [[true, "restarted as asked"]],
  );
  assert.equal(seen.events.filter(({ type }) => type === "ready").length, 2);
  assert.deepEqual(
    seen.events.map(({ kseq }) => kseq),
    seen.events.map((_, i) => i + 1),
  );
});

test("a kernel's question is answered", async () => {
  await using place = makePlace();
  const kernel = await (await place.start()).startKernel(START);
  using seen = watch(kernel);
  const asking = run(kernel, "console.log('hello ' + await input('name? '))");
  await seen.saw(() => seen.contents("input_request").length === 1);
  await kernel.inputReply("Ada");
  assert.equal((await asking).status, "ok");
  await seen.saw(() => seen.text().includes("hello Ada\n"));
});

test("[T18] a kernel sees the allowed variables only, and its sockets and key are its owner's", async () => {
  await using place = makePlace();
  const environment = {
    PATH: process.env.PATH,
    HOME: "/",
    OPSBOOK_KEY: "canary-93",
    NODE_OPTIONS: "--no-warnings",
    EXTRA: "e",
  };
  const runtime = await place.start({ environment, allowEnv: ["EXTRA"] });
  const kernel = await runtime.startKernel(START);
  using seen = watch(kernel);
  await run(kernel, "console.log(Object.keys(process.env).sort().join(' '))");
  await seen.saw(() => seen.text() !== "");
  assert.match(seen.text(), /^EXTRA HOME JPY_PARENT_PID (NODE_COMPILE_CACHE )?(OPSBOOK_PARENT_PID )?PATH\n$/);
  const files = readdirSync(place.runtimeDir);
  assert.equal(files.filter((name) => /-[1-5]$/.test(name)).length, 5, "ipc sockets");
  const connection = files.find((name) => /^k.*\.json$/.test(name)) ?? assert.fail();
  assert.equal(statSync(join(place.runtimeDir, connection)).mode & 0o777, 0o600);
  await kernel.shutdown();
  await until(
    () =>
      !readdirSync(place.runtimeDir).some(
        (name) => name.startsWith("k") && name !== "keeper.sock" && !/^ke/.test(name),
      ),
  );
  await until(() => runtime.kernel(kernel.id) === undefined);
  await assert.rejects(
    kernel.execute({ executionId: "x", code: "1", storeHistory: true, stopOnError: true, allowStdin: false }),
    { code: "kernel-dead" },
  );
});

test("unknown kernels, missing programs and folders are told as such", async () => {
  await using place = makePlace();
  const runtime = await place.start({
    environment: {
      ...process.env,
      JUPYTER_PATH: writeKernelspecs(place, { ghost: { argv: ["/no/such/program", "{connection_file}"] } }),
    },
  });
  await assert.rejects(
    runtime.startKernel({ ...START, spec: "nix" }),
    (error: { code?: string; available?: string[] }) => {
      assert.equal(error.code, "unknown-kernel");
      assert.deepEqual(error.available?.slice(0, 2), ["typescript", "ghost"]);
      return true;
    },
  );
  await assert.rejects(runtime.startKernel({ ...START, spec: "ghost" }), {
    code: "spawn-failed",
    message: /no\/such\/program/,
  });
  await assert.rejects(runtime.startKernel({ ...START, cwd: "missing" }), { code: "spawn-failed", message: /missing/ });
  assert.deepEqual(runtime.kernels(), []);
});

test("a kernel that uses TCP listens on loopback only", async () => {
  await using place = makePlace();
  const plain = await place.start();
  const [own] = await plain.kernelspecs();
  await plain.close({ keepAlive: false });
  const path = writeKernelspecs(place, {
    "ts-tcp": { argv: own?.argv ?? [], interrupt_mode: "message", metadata: { opsbook: { transport: "tcp" } } },
  });
  const runtime = await place.start({ environment: { ...process.env, JUPYTER_PATH: path } });
  const kernel = await runtime.startKernel({ ...START, spec: "ts-tcp" });
  assert.equal((await run(kernel, "1")).status, "ok");
  const file = readdirSync(place.runtimeDir).find((name) => /^k.*\.json$/.test(name)) ?? assert.fail();
  const info = JSON.parse(readFileSync(join(place.runtimeDir, file), "utf8")) as { ip: string; shell_port: number };
  assert.equal(info.ip, "127.0.0.1");
  const port = info.shell_port.toString(16).toUpperCase().padStart(4, "0");
  const sockets = ["tcp", "tcp6"].flatMap((name) => readFileSync(`/proc/net/${name}`, "utf8").split("\n"));
  const listening = sockets.filter((line) => new RegExp(`:${port} [0:]+ 0A `).test(line));
  assert.equal(listening.length, 1);
  assert.match(listening[0] ?? "", /: (0000000000000000FFFF0000)?0100007F:/);
});
