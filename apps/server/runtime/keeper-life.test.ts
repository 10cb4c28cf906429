import assert from "node:assert/strict";
import { once } from "node:events";
import { chownSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { encodeFrame, FrameReader } from "../keeper/frames.ts";
import { isAlive } from "../keeper/process-table.ts";
import { KEEPER_PROTOCOL } from "../keeper/protocol.ts";
import { makePlace, until } from "./testing/place.ts";
import { view } from "./testing/view.ts";

const SIZE = { cols: 80, rows: 24 };

test("a keeper with nothing to hold ends when no server has come for a while, and leaves nothing behind", async () => {
  await using place = makePlace();
  const runtime = await place.start({ keeperIdleMs: 50 });
  const keeper = place.keeper();
  await runtime.close({ keepAlive: true });
  await until(() => !isAlive(keeper));
  assert.ok(!existsSync(place.runtimeDir));
  assert.deepEqual(readdirSync(place.stateDir).sort(), ["compile-cache", "keeper.log"]);
});

test("[P10] a keeper that holds a shell stays, and a new server finds it", async () => {
  await using place = makePlace();
  const first = await place.start({ keeperIdleMs: 10 });
  const { name } = await first.terminals.create({ cwd: place.root, ...SIZE });
  const keeper = place.keeper();
  await first.close({ keepAlive: true });
  await until(() => readFileSync(join(place.stateDir, "keeper.log"), "utf8").includes("ready"));
  const second = await place.start();
  assert.deepEqual(place.keeper(), keeper);
  assert.equal(second.terminals.list()[0]?.name, name);
  await second.close({ keepAlive: false });
  assert.ok(!existsSync(place.runtimeDir), "and ends at once when told to");
  await until(() => !isAlive(keeper));
});

test("only the newest server is in charge", async () => {
  await using place = makePlace();
  const first = await place.start();
  const second = await place.start();
  await assert.rejects(first.terminals.create({ cwd: place.root, ...SIZE }), { code: "replaced" });
  await second.terminals.create({ cwd: place.root, ...SIZE });
  await assert.rejects(first.startKernel({ spec: "typescript", cwd: ".", label: "" }), { code: "replaced" });
});

test("two servers that start at the same time share one keeper", async () => {
  await using place = makePlace();
  const [one, two] = await Promise.all([place.start(), place.start()]);
  const outcomes = await Promise.allSettled([one, two].map((it) => it?.terminals.create({ cwd: place.root, ...SIZE })));
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
});

test("[P8] [P10] when the keeper is killed, views are told, and the next use starts another", async () => {
  await using place = makePlace();
  const runtime = await place.start();
  const { name } = await runtime.terminals.create({ cwd: place.root, ...SIZE });
  const seen = view(runtime.terminals, name);
  const before = place.keeper();
  process.kill(before.pid, "SIGKILL");
  assert.deepEqual(await seen.exit, { code: null, signal: null });
  assert.deepEqual(runtime.terminals.list(), []);
  await runtime.terminals.create({ cwd: place.root, ...SIZE });
  assert.notDeepEqual(place.keeper(), before);
});

test("[T18] what the keeper makes is for its owner only; a folder of somebody else is refused", async (t) => {
  await using place = makePlace();
  const runtime = await place.start();
  assert.equal(statSync(place.runtimeDir).mode & 0o777, 0o700);
  for (const entry of readdirSync(place.runtimeDir)) {
    assert.equal(statSync(join(place.runtimeDir, entry)).mode & 0o077, 0, entry);
  }
  for (const entry of readdirSync(place.stateDir)) {
    assert.equal(statSync(join(place.stateDir, entry)).mode & 0o077, 0, entry);
  }
  await runtime.close({ keepAlive: false });
  if (process.getuid?.() !== 0) {
    t.diagnostic("a folder of another user needs root to make");
    return;
  }
  await using foreign = makePlace();
  chownSync(foreign.runtimeDir, 65534, 65534);
  await assert.rejects(foreign.start(), { code: "unsafe-folder" });
});

test("a server and a keeper of different protocols say so", async () => {
  await using place = makePlace();
  await place.start();
  const socket = createConnection(join(place.runtimeDir, "keeper.sock"));
  const answer = Promise.withResolvers<unknown>();
  const reader = new FrameReader(({ header }) => answer.resolve(header));
  socket.on("data", (chunk: Buffer) => reader.push(chunk));
  socket.write(encodeFrame({ type: "hello", protocol: 99, pid: 1 }));
  const { pid } = place.keeper();
  assert.deepEqual(await answer.promise, {
    ...{ type: "refused", protocol: 1, pid },
    message: "This keeper speaks protocol 1, the server 99.",
  });
  await once(socket, "close");

  await using other = makePlace();
  const newer = createServer((peer) => {
    peer.end(encodeFrame({ type: "refused", protocol: 2, pid: 4711, message: "This keeper speaks protocol 2." }));
  });
  newer.listen(join(other.runtimeDir, "keeper.sock"));
  await once(newer, "listening");
  try {
    await assert.rejects(other.start(), { code: "protocol-mismatch", message: /protocol 2.*4711/ });
  } finally {
    newer.close();
  }
});

test("[T11] what is not of the protocol costs its sender the connection, and the keeper nothing", async () => {
  await using place = makePlace();
  const runtime = await place.start();
  const garbage = [
    Buffer.alloc(64, 0xff),
    Buffer.from("GET / HTTP/1.1\r\n\r\n"),
    encodeFrame({ type: "shutdown", req: 1 }),
    encodeFrame({ type: "hello", protocol: "1", pid: 1 }),
    encodeFrame(["hello"]),
  ];
  for (const bytes of garbage) {
    const socket = createConnection(join(place.runtimeDir, "keeper.sock"));
    socket.on("error", () => {});
    socket.resume();
    socket.write(bytes);
    await once(socket, "close");
  }
  await runtime.terminals.create({ cwd: place.root, ...SIZE });
});

test("SIGTERM ends a keeper whose server stands still and never closes its end", async () => {
  await using place = makePlace();
  const runtime = await place.start();
  await runtime.close({ keepAlive: true });
  const keeper = place.keeper();
  const socket = createConnection({ path: join(place.runtimeDir, "keeper.sock"), allowHalfOpen: true });
  socket.write(encodeFrame({ type: "hello", protocol: KEEPER_PROTOCOL, pid: process.pid }));
  await once(socket, "data");
  process.kill(keeper.pid, "SIGTERM");
  await until(() => !isAlive(keeper));
  socket.destroy();
});
