import assert from "node:assert/strict";
import { existsSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestClient } from "./testing/client.ts";
import { newRoot, startSessions } from "./testing/server.ts";

/** The value of a cell's last expression, which it gives as JSON. */
async function resultOf(client: TestClient, source: string): Promise<unknown> {
  const { cellId } = await client.run(`JSON.stringify(await (async () => { ${source} })())`);
  const output = client.cells.find(({ id }) => id === cellId)?.outputs[0];
  assert.ok(output?.output_type === "execute_result", JSON.stringify(output));
  const text = String(output.data["text/plain"]);
  return JSON.parse(text.slice(1, -1).replaceAll("\\'", "'").replaceAll("\\\\", "\\"));
}

function handlesOf(pid: number, path: string): number {
  const folder = `/proc/${pid}/fd`;
  if (!existsSync(folder)) return 0;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(join(folder, fd)) === path;
    } catch {
      return false;
    }
  }).length;
}

test("[4.1-lines] files that are open are listed, and none is after a restart of the kernel", {
  timeout: 120_000,
}, async () => {
  const root = newRoot();
  const path = join(root, "access.log");
  writeFileSync(path, "one\ntwo\n");
  await using server = await startSessions(root);
  const client = await server.connect();
  const open = `const handles = await Promise.all([1, 2, 3].map(() => files.open(${JSON.stringify(path)})));
    globalThis.kept = handles; return [process.pid, files.handles().length, await handles[0].line()];`;
  const [pid, count, line] = (await resultOf(client, open)) as [number, number, string];
  assert.deepEqual([count, line, handlesOf(pid, path)], [3, "one", 3]);
  assert.equal(await resultOf(client, "await kept[0].close(); return files.handles().length"), 2);
  assert.equal(handlesOf(pid, path), 2);
  await client.submit({ type: "restart-kernel" });
  const [next, left] = (await resultOf(client, "return [process.pid, files.handles().length]")) as [number, number];
  assert.notEqual(next, pid);
  assert.deepEqual([left, handlesOf(pid, path), handlesOf(next, path)], [0, 0, 0]);
  client.close();
});

test("[4.1-temp] a temporary file of a cell outlives neither a killed kernel nor a restart", {
  timeout: 120_000,
}, async () => {
  await using server = await startSessions();
  const client = await server.connect();
  const make = 'const t = await files.temp({ content: "x" }); return [process.pid, t.path]';
  const [pid, killed] = (await resultOf(client, make)) as [number, string];
  assert.ok(existsSync(killed));
  process.kill(pid, "SIGKILL");
  await client.until(() => client.state?.runtime.status === "dead");
  while (existsSync(killed)) await new Promise((settle) => setTimeout(settle, 5));
  await client.submit({ type: "restart-kernel" });
  const [, restarted] = (await resultOf(client, make)) as [number, string];
  assert.ok(existsSync(restarted));
  await client.submit({ type: "restart-kernel" });
  while (existsSync(restarted)) await new Promise((settle) => setTimeout(settle, 5));
  client.close();
});
