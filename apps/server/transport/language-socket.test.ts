import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { newNotebook, serializeNotebook } from "@opsbook/notebook";
import { type LanguageFrame, type LanguageRequest, languageFrameSchema } from "@opsbook/notebook/language";
import { type Role, sourceHash } from "@opsbook/notebook/session";
import { WebSocket } from "ws";
import { startTestServer, type TestServer } from "./testing.ts";

const SOURCE = "const hosts = ['a']\nhosts.at('x')";

describe("language socket", { timeout: 300_000 }, () => {
  it("[part of 3.3-intelligence] takes questions by role: a viewer reads about code, an editor gets help with it", async () => {
    await using server = await startTestServer();
    const id = await openNotebook(server);
    await using viewer = await Asker.connect(server, id, "viewer");
    const place = { cellId: "one", sourceHash: sourceHash(SOURCE), offset: 8 };
    const hover = await viewer.ask({ type: "hover", id: 1, ...place });
    assert.match(
      hover.type === "answer" && hover.result?.type === "hover" ? hover.result.text : "",
      /hosts: string\[\]/,
    );
    const definition = await viewer.ask({ type: "definition", id: 2, ...place });
    assert.equal(definition.type, "answer");
    for (const request of [
      { type: "complete", id: 3, ...place, trigger: null },
      { type: "resolve", id: 4, list: 3, item: 0 },
      { type: "signature", id: 5, ...place },
      { type: "rename", id: 6, ...place, newName: "x" },
    ] as const) {
      const refused = await viewer.ask(request);
      assert.equal(refused.type === "failed" && refused.code, "forbidden", request.type);
    }
    await using editor = await Asker.connect(server, id, "editor");
    const completion = await editor.ask({ type: "complete", id: 1, ...place, offset: 26, trigger: "." });
    assert.ok(
      completion.type === "answer" && completion.result?.type === "complete" && completion.result.items.length > 10,
    );
    const problems = await editor.until((frame) => frame.type === "problems");
    assert.deepEqual(problems.type === "problems" && problems.problems.map(({ code }) => code), [2345]);
    assert.ok(viewer.frames.every(({ type }) => type !== "problems"));
  });

  it("cuts off what it cannot read, and every socket of a notebook that was closed", async () => {
    await using server = await startTestServer();
    const id = await openNotebook(server);
    await using garbled = await Asker.connect(server, id, "editor");
    garbled.sendRaw('{"type":"complete"}');
    assert.equal(await garbled.closed, 4008);
    await using stranger = await Asker.connect(server, id, "editor");
    await server.sessions.endSession(id);
    stranger.sendRaw(JSON.stringify({ type: "cancel", id: 1 }));
    assert.equal(await stranger.closed, 4004);
  });
});

async function openNotebook(server: TestServer): Promise<string> {
  const cell = {
    cell_type: "code" as const,
    id: "one",
    metadata: {},
    source: SOURCE,
    outputs: [],
    execution_count: null,
  };
  writeFileSync(join(server.root, "n.ipynb"), serializeNotebook({ ...newNotebook(), cells: [cell] }));
  return (await server.sessions.openSession("n.ipynb")).id;
}

class Asker implements AsyncDisposable {
  readonly frames: LanguageFrame[] = [];
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      this.frames.push(languageFrameSchema.parse(JSON.parse(data.toString())));
      for (const wake of [...this.#waiting]) wake();
    });
    this.closed = new Promise((resolve) => socket.on("close", resolve));
  }

  static async connect(server: TestServer, sessionId: string, role: Role): Promise<Asker> {
    const { cookie } = await server.login(role);
    const url = `${server.origin.replace("http", "ws")}/api/opsbook/sessions/${sessionId}/language`;
    const asker = new Asker(new WebSocket(url, { headers: { cookie, origin: server.origin } }));
    await new Promise<void>((resolve, reject) => {
      asker.#socket.once("open", resolve);
      asker.#socket.once("error", reject);
    });
    return asker;
  }

  ask(request: LanguageRequest): Promise<LanguageFrame> {
    this.sendRaw(JSON.stringify(request));
    return this.until((frame) => (frame.type === "answer" || frame.type === "failed") && frame.id === request.id);
  }

  sendRaw(text: string): void {
    this.#socket.send(text);
  }

  async until(fits: (frame: LanguageFrame) => boolean): Promise<LanguageFrame> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found) return found;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  async [Symbol.asyncDispose]() {
    this.#socket.terminate();
  }
}
