import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";
import { type Nginx, startNginx } from "../../../../scripts/components/nginx.ts";
import { freePort } from "../../../../scripts/components/ports.ts";
import { Secret } from "../core/secret.ts";
import { rejection } from "../core/testing.ts";
import { sh } from "../sh/index.ts";
import { NetError, net } from "./index.ts";
import { parseTarget } from "./target.ts";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A server of one connection's behaviour. */
async function serve(behave: (socket: Socket) => void): Promise<AsyncDisposable & { readonly port: number }> {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    behave(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

describe("net", () => {
  let nginx: Nginx;
  const page = "x".repeat(20_000);
  before(async () => {
    nginx = await startNginx({
      server: "location / { default_type text/plain; root @FOLDER@; }",
      files: { "page.txt": page },
    });
  });
  after(() => nginx[Symbol.asyncDispose]());

  test("[4.3-socket] nginx answers a request written by hand, and its body is taken apart", async () => {
    await using wire = await net.connect({ host: "127.0.0.1", port: nginx.port }, { timeout: "30s" });
    await wire.sendAll("GET /page.txt HTTP/1.0\r\nHost: x\r\n\r\n");
    const head = String(await wire.readUntil("\r\n\r\n"));
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(Number(/Content-Length: (\d+)/.exec(head)?.[1]), page.length);
    assert.equal(String(await wire.readExactly(5)), "xxxxx");
    assert.equal((await wire.readAll()).length, page.length - 5);
    assert.match(inspect(wire), /sent 35 B\n00000000 {2}47 45 54 20 .*\|GET \/page\.txt HT\|/);
    assert.match(inspect(wire), /received 19\.\d KiB\n00000000 {2}48 54 54 50/);
  });

  test("[4.3-partial] a megabyte arrives whole from a peer that sends single bytes and crumbs out of a tiny buffer", async () => {
    const peer = spawn("python3", [
      "-c",
      `
import hashlib, os, socket
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
server.bind(('127.0.0.1', 0)); server.listen(1)
print(server.getsockname()[1], flush=True)
peer, _ = server.accept()
peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
got = hashlib.sha256()
left = 1000000
while left:
    part = peer.recv(100); left -= len(part); got.update(part)
data = os.urandom(1000000)
for i in range(200000): peer.send(data[i:i+1])
for i in range(200000, len(data), 37): peer.send(data[i:i+37])
peer.close()
print(got.hexdigest(), hashlib.sha256(data).hexdigest(), flush=True)
`,
    ]);
    const lines = createInterface(peer.stdout)[Symbol.asyncIterator]();
    const port = Number((await lines.next()).value);
    const sent = randomBytes(1_000_000);
    await using wire = await net.connect(`127.0.0.1:${port}`);
    await wire.sendAll(sent);
    const received = await wire.readAll();
    assert.deepEqual((await lines.next()).value, `${sha256(sent)} ${sha256(received)}`);
    assert.equal(received.length, 1_000_000);
    // @ts-expect-error: there is no call that may do half of it
    assert.equal(wire.send ?? wire.recv, undefined);
  });

  test("[4.3-partial] what does not come whole is an error that holds what came", async () => {
    await using peer = await serve((socket) => socket.end("half a mess"));
    const connect = () => net.connect({ host: "127.0.0.1", port: peer.port });
    {
      await using wire = await connect();
      const error = await rejection(wire.readExactly(100), NetError);
      assert.deepEqual([error.code, Buffer.from(error.received).toString()], ["closed", "half a mess"]);
      assert.match(error.message, /after 11 bytes, before 100 bytes/);
      assert.equal(String(await wire.readAll()), "half a mess");
    }
    {
      await using wire = await connect();
      assert.equal((await rejection(wire.readUntil("\n"), NetError)).code, "closed");
    }
    {
      await using wire = await connect();
      assert.equal((await rejection(wire.readAll({ limit: 3 }), NetError)).code, "too-long");
    }
  });

  test("[4.3-socket] every way in which there is no connection is told apart", async () => {
    const code = async (call: Promise<unknown>) => (await rejection(call, NetError)).code;
    const port = await freePort();
    assert.equal(await code(net.connect(`127.0.0.1:${port}`)), "refused");
    assert.equal(await code(net.connect("no-such-host.invalid:80", { timeout: "60s" })), "unknown-host");
    assert.equal(await code(net.waitFor(`127.0.0.1:${port}`, { timeout: "300ms" })), "timeout");
    assert.equal(await code(net.connect(`127.0.0.1:${nginx.port}`, { signal: AbortSignal.abort() })), "aborted");
    assert.equal(await code(net.connect(`127.0.0.1:${nginx.port}`, { tls: true })), "tls");
    await using silent = await serve(() => {});
    await using wire = await net.connect({ host: "127.0.0.1", port: silent.port });
    assert.equal(await code(wire.readUntil("x", { timeout: "100ms" })), "timeout");
    await using broken = await serve((socket) => socket.once("data", () => socket.resetAndDestroy()));
    await using other = await net.connect({ host: "127.0.0.1", port: broken.port });
    await other.sendAll("x");
    assert.equal(await code(other.readExactly(1)), "reset");
    for (const bad of ["web1", "web1:0", ":80", "web1:99999"]) assert.throws(() => parseTarget(bad), TypeError);
    assert.deepEqual(parseTarget("http://[::1]:80/x"), { host: "::1", port: 80 });
  });

  test("a secret is sent and not shown", async () => {
    await using peer = await serve((socket) => socket.pipe(socket));
    await using wire = await net.connect({ host: "127.0.0.1", port: peer.port });
    await wire.sendAll(new Secret("hunter22222", "pin"));
    wire.endSending();
    assert.equal(String(await wire.readAll()), "hunter22222");
    assert.doesNotMatch(String(wire).split("received")[0] ?? "", /hunter/);
  });

  test("[4.3-chaos-proxy] curl through a chopping, slow and cutting wire to nginx", async () => {
    {
      await using wire = await net.proxy(nginx.url, { chunk: 7 });
      assert.equal(await sh`curl -sS ${`${wire.url}/page.txt`}`.text(), page);
    }
    {
      await using wire = await net.proxy(nginx.url, { cutAfter: 4096 });
      const cut = await sh`curl -sS ${`${wire.url}/page.txt`}`.nothrow();
      assert.equal(cut.code, 18, cut.stderr);
      assert.ok(cut.stdout.length > 3000 && cut.stdout.length < 4096);
      assert.deepEqual(wire.connections, { accepted: 1, cut: 1, open: 0 });
    }
    {
      let acted = 0;
      const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
      await using server = await serve((socket) =>
        socket.once("data", () => {
          acted += 1;
          socket.end(answer);
        }),
      );
      await using wire = await net.proxy(`127.0.0.1:${server.port}`, { cutAfterRequest: true, times: 1 });
      assert.equal((await sh`curl -sS ${wire.url}`.nothrow()).code, 52);
      assert.equal(acted, 1, "the server acted on the request whose answer was cut off");
      assert.equal(await sh`curl -sS ${wire.url}`.text(), "ok");
    }
    {
      await using wire = await net.proxy(nginx.url, { chunk: 5000, delayMs: 30 });
      const seconds = Number(await sh`curl -sS -o /dev/null -w ${"%{time_total}"} ${`${wire.url}/page.txt`}`.text());
      assert.ok(seconds >= 0.15, `${seconds} s for five deliveries and a request`);
    }
    assert.equal((await rejection(net.proxy(nginx.url, { port: nginx.port }), NetError)).code, "in-use");
    await assert.rejects(net.proxy(nginx.url, { chunk: 0 }), RangeError);
  });
});
