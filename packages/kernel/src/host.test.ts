import assert from "node:assert/strict";
import { test } from "node:test";
import { HOST_COMM_TARGET, type JsonObject } from "@opsbook/jupyter";
import { LiveKernel } from "./testing/live-kernel.ts";

const HOST = 'globalThis[Symbol.for("opsbook.host")]';

async function openHost(kernel: LiveKernel): Promise<void> {
  const content = { comm_id: "host", target_name: HOST_COMM_TARGET, data: { version: 1 } };
  await kernel.client.send("shell", kernel.client.message("comm_open", content));
}

const said = (kernel: LiveKernel): JsonObject[] =>
  kernel.heard.filter(({ message }) => message.header.msg_type === "comm_msg").map(({ message }) => message.content);

const data = (kernel: LiveKernel): unknown[] => said(kernel).map((content) => content.data);

test("[J41] the kernel speaks on the host channel once a server opened it, under the cell's header", async () => {
  await using kernel = await LiveKernel.start();
  await kernel.run(`${HOST}.send("secret-registered", { name: "early", value: "hunter22" })`);
  assert.deepEqual(said(kernel), []);
  await openHost(kernel);
  await kernel.until(() => said(kernel).length === 2);
  const secret = { version: 1, type: "secret-registered", name: "early", value: "hunter22" };
  const attached = { version: 1, type: "attached" };
  assert.deepEqual(data(kernel), [secret, attached]);
  await openHost(kernel);
  await kernel.until(() => said(kernel).length === 4);
  assert.deepEqual(data(kernel).slice(2), [secret, attached]);
  const run = await kernel.run(`${HOST}.send("progress", { id: "p", label: "copy", done: 1, total: 2 })`);
  assert.deepEqual(kernel.of(run.id, "comm_msg")[0]?.content, {
    comm_id: "host",
    data: { version: 1, type: "progress", id: "p", label: "copy", done: 1, total: 2 },
  });
  const info = await kernel.request("comm_info_request", {});
  assert.deepEqual(info.comms, { host: { target_name: HOST_COMM_TARGET } });
});

test("[J41] a secret's value never leaves over tcp", async () => {
  await using kernel = await LiveKernel.start({ transport: "tcp" });
  await openHost(kernel);
  await kernel.run(
    `${HOST}.send("secret-registered", { name: "s", value: "hunter22" }); ${HOST}.send("guard-passed", { rule: "r", why: "w", reason: "x" })`,
  );
  await kernel.until(() => said(kernel).length === 2);
  assert.ok(!JSON.stringify(said(kernel)).includes("hunter22"));
});

test("[J41] a comm that nobody here serves is closed again", async () => {
  await using kernel = await LiveKernel.start();
  const message = kernel.client.message("comm_open", { comm_id: "w", target_name: "jupyter.widget", data: {} });
  await kernel.client.send("shell", message);
  await kernel.until(() => kernel.of(message.header.msg_id, "comm_close")[0]);
});

test("display, update, input and signal reach the front end of the cell", async () => {
  await using kernel = await LiveKernel.start();
  const id = await kernel.submit(
    `${HOST}.display({ "text/plain": "one" }, { id: "d" }); ${HOST}.display({ "text/plain": "two" }, { id: "d", update: true }); await ${HOST}.input("q?", {})`,
  );
  const question = await kernel.until(() => kernel.of(id, "input_request")[0]);
  await kernel.client.send("stdin", kernel.client.message("input_reply", { value: "a" }, { parent: question.header }));
  const run = await kernel.finished(id);
  assert.deepEqual(
    run.displays.map((display) => [display.header.msg_type, (display.content.data as JsonObject)["text/plain"]]),
    [
      ["display_data", "one"],
      ["update_display_data", "two"],
    ],
  );
  assert.equal(run.result?.["text/plain"], "'a'");
  assert.equal(
    (await kernel.run(`Object.keys(globalThis).length + ${HOST}.version - Object.keys(globalThis).length`)).result?.[
      "text/plain"
    ],
    "1",
  );
});

test("preloads run before the first cell, find the bridge, and may fail without harm", async () => {
  await using kernel = await LiveKernel.start({
    preloads: ["good.mjs", "default.mjs", "bad.mjs"],
    files: {
      "good.mjs":
        'export function install(target) { target.bridge = globalThis[Symbol.for("opsbook.host")].version; Object.defineProperty(target, "lazy", { configurable: true, get: () => "loaded", set(value) { Object.defineProperty(target, "lazy", { value, writable: true, configurable: true }) } }) }',
      "default.mjs": "export default (target) => { target.second = 2 }",
      "bad.mjs": 'throw new Error("broken preload")',
    },
  });
  assert.equal((await kernel.run("[bridge, second, lazy].join()")).result?.["text/plain"], "'1,2,loaded'");
  assert.equal((await kernel.run("var lazy = 5; lazy")).result?.["text/plain"], "5");
});
