import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { after, test } from "node:test";
import {
  decodeMessage,
  encodeMessage,
  endpoint,
  type JsonObject,
  KernelClient,
  newHeader,
  parseContent,
} from "@opsbook/jupyter";
import { Dealer, Subscriber } from "zeromq";
import { LiveKernel } from "./testing/live-kernel.ts";

for (const transport of ["ipc", "tcp"] as const) {
  test(`speaks over ${transport}, says what it is, beats its heart`, async () => {
    await using kernel = await LiveKernel.start({ transport });
    assert.equal(kernel.kernelInfo.language_info.name, "typescript");
    assert.equal(kernel.kernelInfo.protocol_version, "5.4");
    assert.equal(kernel.kernelInfo.language_info.file_extension, ".ts");
    assert.equal(await kernel.client.heartbeat(10_000), true);
    assert.equal((await kernel.run("1 + 1")).result?.["text/plain"], "2");
    assert.equal((await kernel.request("kernel_info_request", {}, "control")).implementation, "opsbook");
  });
}

test("messages of an execution come in the protocol's order, and reply before idle", async () => {
  await using kernel = await LiveKernel.start();
  const run = await kernel.run("console.log(1); 2");
  const types = kernel
    .of(run.id)
    .map(({ channel, message }) =>
      `${channel} ${message.header.msg_type} ${message.content.execution_state ?? ""}`.trim(),
    );
  assert.deepEqual(
    types.filter((type) => type.startsWith("iopub")),
    ["iopub status busy", "iopub execute_input", "iopub stream", "iopub execute_result", "iopub status idle"],
  );
  for (const { message } of kernel.of(run.id)) assert.equal(message.parent_header.session, kernel.client.session);
});

test("counts, silent runs, user expressions", async () => {
  await using kernel = await LiveKernel.start();
  const count = async (options: JsonObject) => {
    const { reply } = await kernel.run("5", options);
    return reply.status === "ok" ? reply.execution_count : null;
  };
  assert.deepEqual([await count({}), await count({ store_history: false }), await count({})], [1, 1, 2]);
  const silent = await kernel.run("6", { silent: true });
  assert.equal(silent.result, null);
  assert.equal(kernel.of(silent.id, "execute_input").length, 0);
  const { reply } = await kernel.run("let a = 1", { user_expressions: { good: "a + 1", bad: "nope.x" } });
  assert.ok(reply.status === "ok");
  assert.deepEqual(reply.user_expressions.good, { status: "ok", data: { "text/plain": "2" }, metadata: {} });
  assert.equal((reply.user_expressions.bad as JsonObject).ename, "ReferenceError");
});

test("an error aborts what was queued behind it, unless told not to", async () => {
  await using kernel = await LiveKernel.start();
  const slow = "await new Promise((r) => setTimeout(r, 50)); throw new Error('x')";
  const [first, second] = [await kernel.submit(slow), await kernel.submit("1")];
  assert.equal((await kernel.finished(first)).reply.status, "error");
  assert.equal((await kernel.finished(second)).reply.status, "aborted");
  const [third, fourth] = [await kernel.submit(slow, { stop_on_error: false }), await kernel.submit("4")];
  await kernel.finished(third);
  assert.equal((await kernel.finished(fourth)).result?.["text/plain"], "4");
});

test("[part of 3.2-complete-check] complete, incomplete with indent, invalid", async () => {
  await using kernel = await LiveKernel.start();
  const check = (code: string) => kernel.request("is_complete_request", { code });
  assert.deepEqual(await check("const a = 1"), { status: "complete", indent: "" });
  assert.deepEqual(await check("function f() {"), { status: "incomplete", indent: "  " });
  assert.equal((await check("const = 5;\nfoo(")).status, "invalid");
});

test("[part of 3.3-intelligence] completes names, members and literals from live values, by code points", async () => {
  await using kernel = await LiveKernel.start();
  await kernel.run(
    "const config = { host: 'web1', port: 22, get danger() { throw new Error('ran') } }; class Mine { go() {} }; const fetch = { myOwn: 1 }",
  );
  const complete = async (code: string) => {
    const reply = parseContent(
      "complete_reply",
      await kernel.request("complete_request", { code, cursor_pos: [...code].length }),
    );
    assert.ok(reply.status === "ok");
    return reply;
  };
  assert.deepEqual((await complete("config.")).matches.slice(0, 3), ["host", "port", "danger"]);
  assert.deepEqual((await complete("config.host.toUpp")).matches, ["toUpperCase"]);
  assert.deepEqual((await complete('[config][0]["host"].toUpp')).matches, []);
  assert.deepEqual((await complete('config["host"].toUpp')).matches, ["toUpperCase"]);
  assert.deepEqual((await complete("make().ho")).matches, []);
  assert.ok((await complete("[...conf")).matches.includes("config"));
  assert.deepEqual((await complete("conf")).matches, ["config"]);
  assert.deepEqual((await complete('"abc".padS')).matches, ["padStart"]);
  assert.deepEqual((await complete("new Mine().x; Math.fl")).matches, ["floor"]);
  assert.deepEqual((await complete("fetch.my")).matches, ["myOwn"]);
  assert.deepEqual((await complete("nothing.here.x")).matches, []);
  const wide = await complete('"😀"; config?.po');
  assert.deepEqual([wide.matches, wide.cursor_start, wide.cursor_end], [["port"], 13, 15]);
  assert.ok(!(await complete("__ops")).matches.some((name) => name.startsWith("__opsbook")));
});

test("[part of 3.4-help] inspects values without running anything", async () => {
  await using kernel = await LiveKernel.start();
  await kernel.run(
    "function add(a: number, b = 2) { return a + b } let touched = 0; const o = { get x() { touched++; return 1 }, list: [1, 2] }",
  );
  const inspect = async (code: string, detail_level = 0) => {
    const reply = parseContent(
      "inspect_reply",
      await kernel.request("inspect_request", { code, cursor_pos: code.length, detail_level }),
    );
    assert.ok(reply.status === "ok");
    return reply.found ? String(reply.data["text/plain"]) : null;
  };
  assert.equal(await inspect("add("), "add: function\nfunction add(a, b = 2)");
  assert.match((await inspect("add", 1)) ?? "", /return a \+ b/);
  assert.match((await inspect("o.list")) ?? "", /Array/);
  assert.equal(await inspect("missing"), null);
  assert.equal(await inspect("o.x"), null);
  assert.equal((await kernel.run("touched")).result?.["text/plain"], "0");
});

test("[part of 3.1-history] tail, range and search", async () => {
  await using kernel = await LiveKernel.start();
  for (const code of ["let alpha = 1", "alpha + 1", "let beta = 2"]) await kernel.run(code);
  const ask = async (content: JsonObject) =>
    (await kernel.request("history_request", { raw: true, output: false, ...content })).history;
  assert.deepEqual(await ask({ hist_access_type: "tail", n: 2 }), [
    [0, 2, "alpha + 1"],
    [0, 3, "let beta = 2"],
  ]);
  assert.deepEqual(await ask({ hist_access_type: "range", start: 2, stop: 3, output: true }), [
    [0, 2, ["alpha + 1", "2"]],
  ]);
  assert.deepEqual(await ask({ hist_access_type: "search", pattern: "*alpha*", n: 10 }), [
    [0, 1, "let alpha = 1"],
    [0, 2, "alpha + 1"],
  ]);
});

test("input asks the front end that runs the cell, several questions one after the other", async () => {
  await using kernel = await LiveKernel.start();
  const id = await kernel.submit(
    'const [a, b] = await Promise.all([input("name? "), input("word? ", { password: true })]); a + "/" + b',
  );
  const question = async (n: number) => kernel.until(() => kernel.of(id, "input_request")[n]);
  const first = await question(0);
  assert.deepEqual(first.content, { prompt: "name? ", password: false });
  await kernel.client.send(
    "stdin",
    kernel.client.message("input_reply", { value: "ann", status: "ok" }, { parent: first.header }),
  );
  const second = await question(1);
  assert.deepEqual(second.content, { prompt: "word? ", password: true });
  await kernel.client.send("stdin", kernel.client.message("input_reply", { value: "s3" }));
  assert.equal((await kernel.finished(id)).result?.["text/plain"], "'ann/s3'");
});

test("a question waits for a front end whose stdin socket connects late", async () => {
  await using kernel = await LiveKernel.start();
  const routingId = "late front end";
  const shell = new Dealer({ routingId, linger: 0 });
  shell.connect(endpoint(kernel.info, "shell"));
  const stdin = new Dealer({ routingId, linger: 0, receiveTimeout: 10_000 });
  after(() => {
    shell.close();
    stdin.close();
  });
  const content = { code: 'console.log("asking"); await input("late? ")', silent: false, allow_stdin: true };
  const request = kernel.client.message("execute_request", content);
  await shell.send(encodeMessage(request, kernel.info.key));
  await kernel.until(() => kernel.of(request.header.msg_id, "stream")[0]);
  stdin.connect(endpoint(kernel.info, "stdin"));
  const question = decodeMessage(await stdin.receive(), kernel.info.key).message;
  assert.equal(question.content.prompt, "late? ");
  const reply = kernel.client.message("input_reply", { value: "yes" }, { parent: question.header });
  await stdin.send(encodeMessage(reply, kernel.info.key));
  await kernel.until(() => kernel.of(request.header.msg_id, "execute_result")[0]);
});

test("the first cell of a client that subscribes late is heard whole", async () => {
  await using kernel = await LiveKernel.start({ connect: false });
  const shell = new Dealer({ linger: 0, receiveTimeout: 30_000 });
  const iopub = new Subscriber({ linger: 0, receiveTimeout: 30_000 });
  after(() => {
    shell.close();
    iopub.close();
  });
  shell.connect(endpoint(kernel.info, "shell"));
  const content = { code: "console.log('early')", silent: false };
  const request = {
    header: newHeader("execute_request", { session: "late" }),
    parent_header: {},
    metadata: {},
    content,
    buffers: [],
  };
  await shell.send(encodeMessage(request, kernel.info.key));
  await shell.receive();
  iopub.subscribe();
  iopub.connect(endpoint(kernel.info, "iopub"));
  const heard: string[] = [];
  while (heard.at(-1) !== "idle") {
    const { message } = decodeMessage(await iopub.receive(), kernel.info.key);
    if (message.parent_header.msg_id !== request.header.msg_id) continue;
    heard.push(String(message.content.execution_state ?? message.content.text ?? message.header.msg_type));
  }
  assert.deepEqual(heard, ["busy", "execute_input", "early\n", "idle"]);
});

test("a question can be interrupted, and is refused where nobody could answer", async () => {
  await using kernel = await LiveKernel.start();
  const id = await kernel.submit('await input("stuck? ")');
  await kernel.until(() => kernel.of(id, "input_request")[0]);
  await kernel.interrupt();
  assert.equal((await kernel.finished(id)).reply.status, "error");
  const refused = await kernel.run("await input()", { allow_stdin: false });
  assert.match(refused.errors[0]?.evalue ?? "", /cannot ask/);
  const again = await kernel.submit('await input("again? ")');
  const question = await kernel.until(() => kernel.of(again, "input_request")[0]);
  await kernel.client.send(
    "stdin",
    kernel.client.message("input_reply", { value: "yes" }, { parent: question.header }),
  );
  assert.equal((await kernel.finished(again)).result?.["text/plain"], "'yes'");
});

test("shutdown answers and ends the process with code 0, also out of a tight loop", async () => {
  for (const busy of ["1", "for (;;) {}"]) {
    await using kernel = await LiveKernel.start();
    await kernel.submit(busy);
    const reply = await kernel.request("shutdown_request", { restart: busy === "1" }, "control");
    assert.deepEqual(reply, { status: "ok", restart: busy === "1" });
    const { code, signal } = await kernel.exit();
    if (busy === "1") assert.deepEqual({ code, signal }, { code: 0, signal: null });
  }
});

test("process.exit in a cell sends its output and its reply first", async () => {
  await using kernel = await LiveKernel.start();
  const id = await kernel.submit(
    'process.on("exit", (code) => console.log("leaving", code)); console.log("x".repeat(1e6)); process.exit(3)',
  );
  assert.deepEqual(await kernel.exit(), { code: 3, signal: null });
  const run = kernel.runOf(id);
  assert.equal(run.reply.status, "error");
  assert.match(run.stdout, /x\nleaving 3\n$/);
  assert.equal(run.stdout.length, 1e6 + "\nleaving 3\n".length);
});

test("the kernel ends with the process it was told to end with, and not before", async () => {
  const parent = spawn("sleep", ["600"]);
  await once(parent, "spawn");
  await using kernel = await LiveKernel.start({ env: { OPSBOOK_PARENT_PID: String(parent.pid) } });
  assert.equal((await kernel.run("process.env.OPSBOOK_PARENT_PID === undefined")).result?.["text/plain"], "true");
  parent.kill("SIGKILL");
  assert.equal((await kernel.exit()).signal, "SIGKILL");
});

test("[T4] a message that is not signed with the key is not run", async (t) => {
  await using kernel = await LiveKernel.start();
  const dealer = new Dealer({ linger: 0 });
  t.after(() => dealer.close());
  dealer.connect(endpoint(kernel.info, "shell"));
  const message = kernel.client.message("execute_request", { code: "globalThis.forged = true" });
  await dealer.send(encodeMessage(message, "another key"));
  const frames = encodeMessage(message, kernel.info.key);
  frames[5] = Buffer.from(JSON.stringify({ code: "globalThis.forged = 'changed'" }));
  await dealer.send(frames);
  assert.notEqual(frames[1]?.toString(), createHmac("sha256", kernel.info.key).update("").digest("hex"));
  await kernel.until(() => kernel.log.split("was refused").length === 3);
  assert.equal((await kernel.run("typeof forged")).result?.["text/plain"], "'undefined'");
});

test("a second client hears the first one's cells from its own ready on", async () => {
  await using kernel = await LiveKernel.start();
  const heard: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const second = await KernelClient.connect(kernel.info, {
    onMessage: (_channel, message) => {
      heard.push(message.header.msg_type);
      if (message.header.msg_type === "execute_result") resolve();
    },
    onError: assert.ifError,
  });
  await second.waitReady({ timeout: 20_000 });
  await kernel.run("'for all'");
  await promise;
  second.close();
  assert.ok(heard.includes("execute_input"));
});

test("an unknown request is answered with an error, a bad connection file with a sentence", async () => {
  await using kernel = await LiveKernel.start();
  assert.equal((await kernel.request("debug_request", {}, "control")).status, "error");
  const child = spawn(process.execPath, [`${import.meta.dirname}/main.mjs`, "/no/such/file.json"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  await once(child, "close");
  assert.match(text, /connection file \/no\/such\/file\.json cannot be read/);
});
