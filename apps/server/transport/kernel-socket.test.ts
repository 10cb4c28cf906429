import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Message, newHeader } from "@opsbook/jupyter";
import {
  type ChannelMessage,
  decodeLegacy,
  decodeV1,
  encodeLegacy,
  encodeV1,
  type KernelChannel,
  V1_SUBPROTOCOL,
} from "./kernel-frames.ts";
import { openSocket, startTestServer, type TestServer } from "./testing.ts";

let server: TestServer;
let token: string;
before(async () => {
  server = await startTestServer();
  token = server.auth.createApiToken();
});
after(() => server[Symbol.asyncDispose]());

const authorization = () => ({ authorization: `token ${token}` });

async function api<T>(method: string, path: string, json?: unknown): Promise<{ status: number; body: T }> {
  const body = json === undefined ? {} : { body: JSON.stringify(json) };
  const answer = await server.ask(path, { method, headers: authorization(), ...body });
  return { status: answer.status, body: (answer.body === "" ? null : JSON.parse(answer.body)) as T };
}

function request(type: string, content: Message["content"]): Message {
  const header = newHeader(type, { session: "a-client", username: "tester" });
  return { header, parent_header: {}, metadata: {}, content, buffers: [] };
}

const execute = (code: string) =>
  request("execute_request", {
    ...{ code, silent: false, store_history: true, user_expressions: {} },
    ...{ allow_stdin: true, stop_on_error: true },
  });

/** A client of Jupyter's socket in either protocol. */
async function connect(kernelId: string, protocol: "v1" | "legacy") {
  const received: ChannelMessage[] = [];
  let wake = () => {};
  const url = `ws://127.0.0.1:${server.port}/api/kernels/${kernelId}/channels?session_id=${randomUUID()}&token=${token}`;
  const { ws } = await openSocket(
    url,
    {},
    {
      protocols: protocol === "v1" ? [V1_SUBPROTOCOL] : [],
      onSocket: (socket) =>
        socket.on("message", (data: Buffer, isBinary: boolean) => {
          received.push(protocol === "v1" ? decodeV1(data) : decodeLegacy(data, isBinary));
          wake();
        }),
    },
  );
  assert.ok(ws);
  assert.equal(ws.protocol, protocol === "v1" ? V1_SUBPROTOCOL : "");
  return {
    received,
    send(channel: KernelChannel, message: Message) {
      ws.send(protocol === "v1" ? encodeV1({ channel, message }) : encodeLegacy({ channel, message }));
    },
    /** The first message that fits, now or later. */
    async wait(fits: (one: ChannelMessage) => boolean): Promise<Message> {
      for (;;) {
        const found = received.find(fits);
        if (found) return found.message;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    close: () => ws.terminate(),
  };
}

const answers = (type: string, to: Message) => (one: ChannelMessage) =>
  one.message.header.msg_type === type && one.message.parent_header.msg_id === to.header.msg_id;

interface KernelModel {
  id: string;
  name: string;
}

describe("Jupyter's kernel frames", () => {
  const buffers = [new Uint8Array([1, 2, 3]), new Uint8Array(0)];
  const message = { ...execute("é"), buffers };
  const plain = (one: ChannelMessage) => ({
    ...one,
    message: { ...one.message, buffers: one.message.buffers.map((b) => [...b]) },
  });

  it("come back as they went, in both protocols", () => {
    const sent: ChannelMessage = { channel: "shell", message };
    assert.deepEqual(plain(decodeV1(encodeV1(sent))), plain(sent));
    assert.deepEqual(plain(decodeLegacy(encodeLegacy(sent) as Buffer, true)), plain(sent));
    const bare = { ...sent, message: { ...message, buffers: [] } };
    assert.deepEqual(decodeLegacy(Buffer.from(encodeLegacy(bare)), false), bare);
  });

  it("without a channel go to the shell, as Jupyter's gateway client has it", () => {
    const { header, parent_header, metadata, content } = message;
    const text = JSON.stringify({ header, parent_header, metadata, content });
    assert.equal(decodeLegacy(Buffer.from(text), false).channel, "shell");
  });

  it("[T10] that are cut, forged or nonsense throw and allocate nothing", () => {
    const good = encodeV1({ channel: "shell", message });
    for (let length = 0; length < good.length - 3; length += 7) {
      assert.throws(() => decodeV1(good.subarray(0, length)), `${length}`);
    }
    const forged = Buffer.from(good);
    forged.writeBigUInt64LE(2n ** 60n, 0);
    assert.throws(() => decodeV1(forged));
    forged.writeBigUInt64LE(good.readBigUInt64LE(0), 0);
    forged.writeBigUInt64LE(2n ** 60n, 16);
    assert.throws(() => decodeV1(forged));
    for (const text of ["", "[]", "{}", '{"channel":"hb","header":{}}', "null"]) {
      assert.throws(() => decodeLegacy(Buffer.from(text), false), text);
    }
    assert.throws(() => decodeLegacy(Buffer.from([255, 255, 255, 255]), true));
  });
});

describe("Jupyter's kernels", { timeout: 90_000 }, () => {
  it("[part of T12] neither hear nor speak on the channel between kernel and server", async () => {
    const made = await api<KernelModel>("POST", "/api/kernels", { name: "typescript" });
    const client = await connect(made.body.id, "v1");
    const host = 'globalThis[Symbol.for("opsbook.host")]';
    const run = async (code: string): Promise<string> => {
      const asked = execute(code);
      client.send("shell", asked);
      await client.wait(answers("execute_reply", asked));
      return JSON.stringify((await client.wait(answers("execute_result", asked))).content.data);
    };
    const open = request("comm_open", {
      ...{ comm_id: "opsbook.host", target_name: "opsbook.host" },
      data: { version: 1 },
    });
    client.send("shell", open);
    // Not opened by the client: there is an input field to ask at, and no form.
    assert.match(
      await run(`${host}.listen("parameters-given", ({ values }) => { globalThis.forged = values }); 1`),
      /1/,
    );
    await server.runtime.kernel(made.body.id)?.send("shell", open);
    const given = { version: 1, type: "parameters-given", values: { a: 1 }, attended: true };
    client.send("shell", request("comm_msg", { comm_id: "opsbook.host", data: given }));
    const secret = `${host}.send("secret-registered", { name: "s", value: "hunter22" }); typeof globalThis.forged`;
    assert.match(await run(secret), /undefined/);
    assert.deepEqual(
      client.received.filter(({ message }) => message.header.msg_type.startsWith("comm_")),
      [],
    );
    client.close();
    await api("DELETE", `/api/kernels/${made.body.id}`);
  });

  it("[part of 3.5-kernels] run code for clients of both protocols, each with its own replies", async () => {
    const made = await api<KernelModel>("POST", "/api/kernels", { name: "typescript" });
    assert.equal(made.status, 201);
    const { id } = made.body;
    const [one, two] = [await connect(id, "v1"), await connect(id, "legacy")];
    const first = execute("const answer: number = 42; console.log('hello'); answer");
    one.send("shell", first);
    const reply = await one.wait(answers("execute_reply", first));
    assert.equal(reply.content.status, "ok");
    assert.match(JSON.stringify((await two.wait(answers("stream", first))).content), /hello/);
    await two.wait(answers("execute_result", first));
    const second = execute("answer + 1");
    two.send("shell", second);
    const result = await two.wait(answers("execute_result", second));
    assert.match(JSON.stringify(result.content.data), /43/);
    await two.wait(answers("execute_reply", second));
    await one.wait(answers("execute_result", second));
    assert.ok(!two.received.some(answers("execute_reply", first)));
    assert.ok(!one.received.some(answers("execute_reply", second)));

    const info = request("kernel_info_request", {});
    one.send("control", info);
    assert.equal((await one.wait(answers("kernel_info_reply", info))).content.implementation !== undefined, true);

    const loop = execute("while (true) {}");
    one.send("shell", loop);
    await one.wait((m) => answers("status", loop)(m) && m.message.content.execution_state === "busy");
    assert.equal((await api("POST", `/api/kernels/${id}/interrupt`)).status, 204);
    assert.equal((await one.wait(answers("execute_reply", loop))).content.status, "error");

    assert.equal((await api<KernelModel>("POST", `/api/kernels/${id}/restart`)).body.id, id);
    const third = execute("typeof answer");
    one.send("shell", third);
    assert.match(JSON.stringify((await one.wait(answers("execute_result", third))).content.data), /undefined/);

    assert.equal((await api("DELETE", `/api/kernels/${id}`)).status, 204);
    one.close();
    two.close();
  });

  it("have sessions by path, and a kernel that does not exist names those that do", async () => {
    interface Model {
      id: string;
      path: string;
      kernel: KernelModel;
    }
    const body = { path: "x.ipynb", type: "notebook", name: "x", kernel: { name: "typescript" } };
    const made = await api<Model>("POST", "/api/sessions", body);
    assert.equal(made.status, 201);
    const again = await api<Model>("POST", "/api/sessions", body);
    assert.equal(again.body.kernel.id, made.body.kernel.id);
    const listed = await api<Model[]>("GET", "/api/sessions");
    assert.deepEqual(
      listed.body.map(({ id }) => id),
      [made.body.id],
    );
    const patched = await api<Model>("PATCH", `/api/sessions/${made.body.id}`, { path: "y.ipynb" });
    assert.equal(patched.body.path, "y.ipynb");
    assert.equal((await api("DELETE", `/api/sessions/${made.body.id}`)).status, 204);
    const unknown = await api<{ available: string[] }>("POST", "/api/kernels", { name: "cobol" });
    assert.equal(unknown.status, 422);
    assert.ok(unknown.body.available.includes("typescript"));
    assert.equal((await api("GET", "/api/kernels/none")).status, 404);
  });
});

describe("Jupyter's terminal socket", { timeout: 60_000 }, () => {
  it("speaks arrays, with the token in its query", async () => {
    const { body } = await api<{ name: string }>("POST", "/api/terminals");
    const url = `ws://127.0.0.1:${server.port}/terminals/websocket/${body.name}?token=${token}`;
    let text = "";
    const first: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const { ws } = await openSocket(
      url,
      {},
      {
        onSocket: (socket) =>
          socket.on("message", (data: Buffer) => {
            const frame = JSON.parse(data.toString("utf8")) as unknown[];
            if (first.length === 0) first.push(...frame);
            if (frame[0] === "stdout") text += String(frame[1]);
            if (text.includes("17 61") && text.includes("é=7")) resolve();
          }),
      },
    );
    ws?.send(JSON.stringify(["set_size", 17, 61, 0, 0]));
    ws?.send(JSON.stringify(["stdin", "stty size; echo é=$((3 + 4))\r"]));
    await promise;
    assert.deepEqual(first, ["setup", {}]);
    ws?.terminate();
  });
});

it("a kernel that nobody listens to does not pile up what it prints", async () => {
  const { body } = await api<{ id: string }>("POST", "/api/kernels", { name: "typescript" });
  const kernel = server.runtime.kernel(body.id);
  assert.ok(kernel);
  let idle = false;
  using _ = kernel.subscribe(0, (event) => {
    if (event.type !== "message" || event.message.parent_header.msg_id !== "flood") return;
    idle ||= event.message.content.execution_state === "idle";
  });
  const code = 'for (let i = 0; i < 400_000; i++) console.log("x".repeat(99))';
  await kernel.execute({ executionId: "flood", code, storeHistory: false, stopOnError: true, allowStdin: false });
  while (!idle) await new Promise((resolve) => setTimeout(resolve, 10));
  const segments = () => readdirSync(join(server.stateDir, "keeper", body.id)).length;
  // 40 MB are five segments; what is left is in the one still open.
  while (segments() > 1) await new Promise((resolve) => setTimeout(resolve, 10));
  await api("DELETE", `/api/kernels/${body.id}`);
});
