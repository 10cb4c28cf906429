import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { SessionStream } from "@opsbook/notebook/session";
import { readLines } from "../store/log/read-lines.ts";
import type { TestClient } from "./testing/client.ts";
import { startSessions } from "./testing/server.ts";

const streamsOf = (client: TestClient, cellId: string): SessionStream[] =>
  client.cells.find(({ id }) => id === cellId)!.outputs.filter((output) => output.output_type === "stream");

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

describe("long output", { timeout: 300_000 }, () => {
  test("a line of 200 MB without an end is kept whole, and its notebook stays small", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const { cellId, executionId } = await client.start(
      'const part = "0123456789".repeat(100_000); for (let i = 0; i < 200; i++) process.stdout.write(part);',
    );
    client.cut();
    await client.until(() => client.closed !== null);
    const later = await server.connect();
    await later.ended(executionId);
    const [stream] = streamsOf(later, cellId);
    const expected = createHash("sha256");
    for (let i = 0; i < 200; i++) expected.update("0123456789".repeat(100_000));
    assert.deepEqual([stream?.bytes, stream?.lines, stream?.hash], [200_000_000, 1, expected.digest("hex")]);
    const { spools } = server.registry;
    assert.equal(await sha256(spools.file(stream!.id)), stream!.hash);
    const { lines } = await readLines(spools.file(stream!.id), await spools.index(stream!.id), { from: 0, count: 10 });
    assert.deepEqual([lines.length, lines[0]?.bytes, lines[0]?.cut], [1, 200_000_000, true]);
    await (await server.open()).save();
    const saved = readFileSync(join(server.root, "test.ipynb"), "utf8");
    assert.ok(saved.length < 1_500_000);
    assert.match(saved, /\[opsbook: 1 lines \(198,951,\d{3} bytes\) left out here/);
    later.close();
  });

  test("100,000 updates of a progress bar leave the state as small as one", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const { cellId } = await client.run(
      'for (let i = 1; i <= 100_000; i++) process.stdout.write("\\rcopied " + i); console.log("\\rdone        ");',
    );
    const streams = streamsOf(client, cellId);
    assert.equal(streams.length, 1);
    assert.ok(JSON.stringify(client.state).length < 5000);
    // One opens the stream, one closes it; the rest is the cell and its run.
    assert.ok(client.entries.length < 20);
    client.close();
  });

  test("what is no UTF-8, characters in pieces, and tasks that print at the same time", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const invalid = await client.run(
      'const { execFileSync } = await import("node:child_process");\nexecFileSync("printf", ["\\\\xff\\\\xfeok\\\\n"], { stdio: "inherit" });\nprocess.stdout.write(Buffer.from([0xc3])); process.stdout.write(Buffer.from([0xa9, 0x0a]));',
    );
    const text = await client.text(invalid.cellId);
    assert.match(text, /\ufffd+ok\n/);
    assert.match(text, /é\n/);
    const { cellId } = await client.run(
      `const task = async (name: string, write: (line: string) => void) => {
  for (let i = 0; i < 2000; i++) { write(name + " " + i + "\\n"); if (i % 7 === 0) await new Promise((go) => setImmediate(go)); }
};
await Promise.all([task("a", (line) => process.stdout.write(line)), task("b", (line) => process.stderr.write(line)), task("c", (line) => process.stdout.write(line))]);`,
    );
    await client.text(cellId);
    const streams = streamsOf(client, cellId);
    assert.ok(streams.length <= 201);
    for (const [name, stream] of [
      ["a", "stdout"],
      ["b", "stderr"],
      ["c", "stdout"],
    ] as const) {
      const printed = streams
        .filter((output) => output.name === stream)
        .map(({ id }) => Buffer.concat(client.outputs.get(id) ?? []).toString())
        .join("")
        .split("\n")
        .filter((line) => line.startsWith(`${name} `));
      assert.deepEqual(
        printed,
        Array.from({ length: 2000 }, (_, i) => `${name} ${i}`),
      );
    }
    client.close();
  });

  test("a collected log tells who looks at it, and who comes later gets what is left", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const { cellId } = await client.run('for (let i = 0; i < 300_000; i++) console.log("line", i);');
    await client.until(() => streamsOf(client, cellId)[0]?.closed === true);
    const [stream] = streamsOf(client, cellId);
    const { registry } = server;
    const now = Date.now();
    await registry.spools.cut(stream!.id, now);
    (await server.open()).outputCollected(stream!.id);
    await client.until(() => client.frames.some((frame) => frame.type === "output" && frame.collected === now));
    const left = registry.spools.find(stream!.id)!;
    const later = await server.connect();
    await later.until(() => later.held(stream!.id) >= left.bytes);
    const text = Buffer.concat(later.outputs.get(stream!.id) ?? []).toString();
    assert.equal(text, readFileSync(left.file, "utf8"));
    assert.match(text, /full log collected on \d{4}-\d\d-\d\d\]/);
    assert.equal(streamsOf(later, cellId)[0]?.lines, 300_000);
    client.close();
    later.close();
  });
});
