import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Role } from "@opsbook/notebook/session";
import type { WebSocket } from "ws";
import { openSocket, startTestServer, type TestServer } from "./testing.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server[Symbol.asyncDispose]());

const MIB = 1024 * 1024;

async function newTerminal(): Promise<string> {
  const answer = await server.as("editor", "/api/opsbook/terminals", { method: "POST", json: { cols: 100, rows: 30 } });
  assert.equal(answer.status, 201, answer.body);
  return (JSON.parse(answer.body) as { name: string }).name;
}

interface Frame {
  type: string;
  offset?: number;
  cols?: number;
  code?: number | null;
}

/** A viewer that keeps what came and lets tests wait for a fact about it. */
class View {
  readonly ws: WebSocket;
  readonly frames: Frame[] = [];
  bytes = 0;
  /** Offset in the terminal after the last byte that came. */
  position = 0;
  text = "";
  #waiting: { fact: () => boolean; resolve: () => void }[] = [];

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        this.bytes += data.length;
        this.position += data.length;
        // Enough for what the tests look for.
        this.text = (this.text + data.toString("latin1")).slice(-MIB);
      } else {
        const frame = JSON.parse(data.toString("utf8")) as Frame;
        this.frames.push(frame);
        this.position = frame.offset ?? this.position;
      }
      this.#check();
    });
    ws.on("close", () => this.#check());
  }

  until(fact: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ fact, resolve });
      this.ws.once("close", (code) => setImmediate(reject, new Error(`closed with ${code} before it was so`)));
      this.#check();
    });
  }

  send(frame: unknown): void {
    this.ws.send(JSON.stringify(frame));
  }

  type(text: string): void {
    this.ws.send(Buffer.from(text));
  }

  #check(): void {
    this.#waiting = this.#waiting.filter(({ fact, resolve }) => {
      if (!fact()) return true;
      resolve();
      return false;
    });
  }
}

async function view(name: string, options: { role?: Role; offset?: number } = {}): Promise<View> {
  const { cookie } = await server.login(options.role ?? "editor");
  const url = `ws://127.0.0.1:${server.port}/api/opsbook/terminals/${name}/socket?offset=${options.offset ?? 0}`;
  const views: View[] = [];
  const headers = { cookie, origin: server.origin };
  const { status } = await openSocket(url, headers, { onSocket: (ws) => views.push(new View(ws)) });
  assert.equal(status, 101);
  assert.ok(views[0]);
  return views[0];
}

describe("the terminal socket", { timeout: 60_000 }, () => {
  it("[part of 3.5-terminal] carries a real shell both ways, its size and its end", async () => {
    const shell = await view(await newTerminal());
    await shell.until(() => shell.frames.length > 0);
    assert.deepEqual(shell.frames[0], { type: "welcome", offset: 0, cols: 100, rows: 30 });
    shell.type("echo sum=$((20 + 22))\r");
    await shell.until(() => shell.text.includes("sum=42"));
    shell.send({ type: "resize", cols: 61, rows: 17 });
    shell.type("stty size\r");
    await shell.until(() => shell.text.includes("17 61"));
    shell.type("exit 3\r");
    await shell.until(() => shell.ws.readyState === shell.ws.CLOSED);
    assert.deepEqual(shell.frames.at(-1), { type: "exited", code: 3, signal: null });
  });

  it("[P10] goes on at the byte where the connection broke", async () => {
    const name = await newTerminal();
    const first = await view(name);
    first.type("echo before-$((1))\r");
    await first.until(() => first.text.includes("before-1\r\n"));
    const offset = first.position;
    first.ws.terminate();
    const second = await view(name, { offset });
    second.type("echo after-$((2))\r");
    await second.until(() => second.text.includes("after-2\r\n"));
    assert.deepEqual(second.frames.at(-1), { type: "welcome", offset, cols: 100, rows: 30 });
    assert.ok(!second.text.includes("before-1"));
    const whole = await view(name);
    await whole.until(() => whole.text.includes("after-2\r\n"));
    assert.ok(whole.text.includes("before-1"));
    second.ws.terminate();
    whole.ws.terminate();
  });

  it("[T13] a runner sees and cannot type or resize; a demoted editor cannot any more", async () => {
    const name = await newTerminal();
    const editor = await view(name);
    const runner = await view(name, { role: "runner" });
    runner.type("echo forged-$((3))\r");
    runner.send({ type: "resize", cols: 33, rows: 3 });
    await runner.until(() => runner.frames.some(({ type }) => type === "refused"));
    editor.type("stty size; echo seen-$((4))\r");
    await runner.until(() => runner.text.includes("seen-4\r\n"));
    assert.match(runner.text, /30 100/);
    assert.doesNotMatch(runner.text, /forged/);
    editor.ws.terminate();
    runner.ws.terminate();
  });

  it("[T10] waits for a viewer that does not acknowledge, and goes on when it does", async () => {
    const name = await newTerminal();
    const shell = await view(name);
    shell.type("head -c 4000000 /dev/zero | tr '\\0' x; echo; echo all-$((5))\r");
    await shell.until(() => shell.bytes > 512 * 1024);
    // A second viewer that keeps up is not held back by the first; the first gets no more meanwhile.
    const watcher = await view(name, { role: "runner" });
    const keepUp = (one: View) => {
      let acknowledged = 0;
      const acknowledge = () => {
        if (one.position - acknowledged < 65_536) return;
        acknowledged = one.position;
        one.send({ type: "ack", offset: acknowledged });
      };
      one.ws.on("message", acknowledge);
      acknowledge();
    };
    keepUp(watcher);
    await watcher.until(() => watcher.text.includes("all-5\r\n"));
    assert.ok(shell.bytes < MIB, `${shell.bytes} bytes without an acknowledgement`);
    keepUp(shell);
    await shell.until(() => shell.text.includes("all-5\r\n"));
    shell.ws.terminate();
    watcher.ws.terminate();
  });

  it("closes on a frame it cannot read, and is refused for a terminal there is not", async () => {
    const shell = await view(await newTerminal());
    shell.send({ type: "run", command: "id" });
    await shell.until(() => shell.ws.readyState === shell.ws.CLOSED);
    const { cookie } = await server.login("editor");
    const url = `ws://127.0.0.1:${server.port}/api/opsbook/terminals/none/socket`;
    assert.equal((await openSocket(url, { cookie, origin: server.origin })).status, 404);
  });

  it("lists, reads and ends terminals as Jupyter does", async () => {
    const made = await server.as("editor", "/api/terminals", { method: "POST" });
    const { name } = JSON.parse(made.body) as { name: string };
    const listed = JSON.parse((await server.as("runner", "/api/terminals")).body) as { name: string }[];
    assert.ok(listed.some((one) => one.name === name));
    const shell = await view(name);
    assert.equal((await server.as("editor", `/api/terminals/${name}`, { method: "DELETE" })).status, 204);
    await shell.until(() => shell.ws.readyState === shell.ws.CLOSED);
    assert.equal((await server.as("runner", `/api/terminals/${name}`)).status, 404);
  });
});
