import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Publisher, Reply, Router } from "zeromq";
import {
  connectionInfoSchema,
  decodeMessage,
  encodeMessage,
  endpoint,
  JupyterError,
  KernelClient,
  type Message,
  newHeader,
} from "./index.ts";

const KEY = "k";

/** The far end of the wire, with real sockets: what a kernel's protocol side is, without a language behind it. */
async function farEnd(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "jupyter-"));
  const info = connectionInfoSchema.parse({
    transport: "ipc",
    ip: join(folder, "k"),
    key: KEY,
    shell_port: 1,
    iopub_port: 2,
    stdin_port: 3,
    control_port: 4,
    hb_port: 5,
  });
  const options = { linger: 0, sendHighWaterMark: 0 };
  const sockets = {
    shell: new Router(options),
    control: new Router(options),
    stdin: new Router(options),
    iopub: new Publisher(options),
    hb: new Reply(options),
  };
  for (const [name, socket] of Object.entries(sockets)) {
    // The names above are the channels.
    await socket.bind(endpoint(info, name as keyof typeof sockets));
  }
  t.after(async () => {
    for (const socket of Object.values(sockets)) socket.close();
    await rm(folder, { recursive: true });
  });
  const heard: Message[] = [];
  const errors: Error[] = [];
  const waiters: (() => void)[] = [];
  const wake = (): void =>
    waiters.splice(0).forEach((waiter) => {
      waiter();
    });
  const client = await KernelClient.connect(info, {
    onMessage: (_channel, message) => {
      heard.push(message);
      wake();
    },
    onError: (error) => {
      errors.push(error);
      wake();
    },
  });
  t.after(() => client.close());
  const until = async (fact: () => boolean): Promise<void> => {
    while (!fact()) await new Promise<void>((resolve) => waiters.push(resolve));
  };
  const answer = async (request: Message, identities: Buffer[], type: string, content: Message["content"]) => {
    const header = newHeader(type, { session: "kernel" });
    const reply = { header, parent_header: request.header, metadata: {}, content, buffers: [] };
    await sockets.shell.send([...identities, ...encodeMessage(reply, KEY)]);
  };
  return { sockets, client, heard, errors, until, answer };
}

const INFO = { status: "ok", protocol_version: "5.4", language_info: { name: "none" } };

test("[J20] a thousand messages sent at once arrive whole and in order", async (t) => {
  const { sockets, client } = await farEnd(t);
  const sent = Array.from({ length: 1000 }, (_, i) => client.send("shell", client.message("n", { i })));
  const got: unknown[] = [];
  for await (const frames of sockets.shell) {
    got.push(decodeMessage(frames, KEY).message.content.i);
    if (got.length === 1000) break;
  }
  await Promise.all(sent);
  assert.deepEqual(
    got,
    Array.from({ length: 1000 }, (_, i) => i),
  );
});

test("[J21] ready means that both the reply and something on iopub were seen", async (t) => {
  const { sockets, client, heard, answer } = await farEnd(t);
  const ready = client.waitReady({ timeout: 10_000 });
  let settled = false;
  void ready.then(() => {
    settled = true;
  });
  let asked = 0;
  for await (const frames of sockets.shell) {
    const { identities, message } = decodeMessage(frames, KEY);
    assert.equal(message.header.msg_type, "kernel_info_request");
    assert.equal(settled, false, "settled before iopub was heard");
    await answer(message, identities, "kernel_info_reply", INFO);
    if (++asked < 3) continue;
    const status = {
      header: newHeader("status", { session: "k" }),
      parent_header: message.header,
      metadata: {},
      content: { execution_state: "idle" },
      buffers: [],
    };
    await sockets.iopub.send([Buffer.from("status"), ...encodeMessage(status, KEY)]);
    break;
  }
  assert.equal((await ready).protocol_version, "5.4");
  assert.deepEqual(heard, [], "probes stay inside");
});

test("[J22] waiting ends by timeout and by signal, with its code", async (t) => {
  const { client } = await farEnd(t);
  const code = (wanted: string) => (error: unknown) => error instanceof JupyterError && error.code === wanted;
  await assert.rejects(client.waitReady({ timeout: 30 }), code("timeout"));
  const controller = new AbortController();
  const waiting = client.waitReady({ timeout: 10_000, signal: controller.signal });
  controller.abort();
  await assert.rejects(waiting, code("aborted"));
});

test("[J23] the heartbeat is true only when the far end echoes, and may be asked again after a silence", async (t) => {
  const { sockets, client } = await farEnd(t);
  assert.equal(await client.heartbeat(30), false);
  void (async () => {
    for await (const frames of sockets.hb) await sockets.hb.send(frames);
  })();
  assert.equal(await client.heartbeat(10_000), true);
  client.close();
  assert.equal(await client.heartbeat(10), false);
});

test("[J24] a forged or broken message is reported and the next one is still heard", async (t) => {
  const { sockets, client, heard, errors, until, answer } = await farEnd(t);
  await client.send("shell", client.message("x", {}));
  const [frames] = [await sockets.shell.receive()];
  const { identities, message } = decodeMessage(frames, KEY);
  await sockets.shell.send([...identities, ...encodeMessage(message, "forged")]);
  await answer(message, identities, "x_reply", { status: "ok" });
  await until(() => heard.length === 1);
  assert.equal(errors.length, 1);
  assert.ok(errors[0] instanceof JupyterError && errors[0].code === "bad-signature");
});

test("[J25] after close a send is refused and close may be called again", async (t) => {
  const { client } = await farEnd(t);
  client.close();
  client.close();
  await assert.rejects(
    client.send("shell", client.message("x", {})),
    (error) => error instanceof JupyterError && error.code === "closed",
  );
});
