import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isStopped } from "@opsbook/notebook/session";
import type { TestClient } from "./testing/client.ts";
import { startSessions } from "./testing/server.ts";

const PROGRAM = `async function fix(host: string) {
  const special = { host, tries: 3 };
  await nb.breakpoint({ banner: "look at special", locals: { special } });
  return special.tries;
}
console.log("tries", await fix("web1"));`;

const runOf = (client: TestClient, executionId: string) =>
  client.state!.executions.find(({ id }) => id === executionId)!;

async function stopped(client: TestClient, code: string): Promise<{ cellId: string; executionId: string }> {
  const started = await client.start(code);
  await client.until(() => isStopped(runOf(client, started.executionId)));
  return started;
}

async function result(client: TestClient, code: string): Promise<unknown> {
  const { cellId } = await client.run(code);
  const [output] = client.cells.find(({ id }) => id === cellId)!.outputs;
  return output && "data" in output ? output.data["text/plain"] : output?.output_type;
}

describe("a program that stops at a breakpoint", { timeout: 180_000 }, () => {
  test("[part of 3.2-embed] cells run with its names; it goes on when somebody says so, and they are gone", async () => {
    await using server = await startSessions();
    const ada = await server.connect();
    const { cellId, executionId } = await stopped(ada, PROGRAM);
    assert.equal(runOf(ada, executionId).breakpoints?.[0]?.banner, "look at special");
    assert.equal(await result(ada, "special.host"), "'web1'");
    assert.equal(await result(ada, "nobody()"), "error");
    await ada.run("special.tries = 5");
    const viewer = await server.connect(undefined, { name: "Vic", role: "viewer" });
    const bob = await server.connect(undefined, { name: "Bob", role: "runner" });
    assert.equal(isStopped(runOf(bob, executionId)), true, "seen by who comes later");
    const forbidden = await viewer.trySubmit({ type: "continue-run", executionId });
    assert.equal(forbidden.type === "rejected" && forbidden.code, "forbidden");
    await bob.submit({ type: "continue-run", executionId });
    await ada.ended(executionId);
    assert.equal(runOf(ada, executionId).status, "ok");
    assert.equal(isStopped(runOf(ada, executionId)), false);
    assert.match(await ada.text(cellId), /tries 5\n$/);
    assert.equal(await result(ada, "typeof special"), "'undefined'");
    for (const client of [ada, bob, viewer]) client.close();
  });

  test("[part of 3.2-embed] breakpoints nest, the cell's own %continue goes on, an interrupt ends the innermost", async () => {
    await using server = await startSessions();
    const ada = await server.connect();
    const outer = await stopped(ada, "await nb.breakpoint({ locals: { level: 1 } }); await ui.button('End')");
    const inner = await stopped(ada, "await nb.breakpoint({ locals: { level: 2 } }); 'inner ended'");
    assert.equal(await result(ada, "level"), "2");
    const early = await ada.trySubmit({ type: "continue-run", executionId: outer.executionId });
    assert.equal(early.type === "rejected" && early.code, "cell-busy");
    await ada.submit({ type: "interrupt-kernel" });
    await ada.ended(inner.executionId);
    assert.equal(runOf(ada, inner.executionId).status, "interrupted");
    assert.equal(isStopped(runOf(ada, outer.executionId)), true);
    assert.equal(await result(ada, "level"), "1");
    const loop = await ada.start("console.log('begun'); for (;;) {}");
    await ada.until(() => [...ada.outputs.values()].flat().join("").includes("begun"));
    const busy = await ada.trySubmit({ type: "cancel-run", executionId: outer.executionId });
    assert.equal(busy.type === "rejected" && busy.code, "cell-busy");
    await ada.submit({ type: "cancel-run", executionId: loop.executionId });
    await ada.ended(loop.executionId);
    assert.equal(runOf(ada, loop.executionId).status, "interrupted");
    const go = await ada.start("%continue");
    const after = await ada.start("typeof level");
    await ada.until(() => ada.state!.prompts.length === 1);
    assert.equal(isStopped(runOf(ada, outer.executionId)), false, "it goes on");
    await ada.submit({ type: "answer-prompt", promptId: ada.state!.prompts[0]!.id, value: {} });
    for (const { executionId } of [outer, go, after]) await ada.ended(executionId);
    const ends = [outer, go, after].map(({ executionId }) => runOf(ada, executionId).status);
    assert.deepEqual(ends, ["ok", "ok", "ok"]);
    assert.match(JSON.stringify(ada.cells.find(({ id }) => id === after.cellId)?.outputs), /'undefined'/);
    ada.close();
  });

  test("[part of 3.2-embed] it stays stopped while the server restarts; the kernel's death ends it", async () => {
    const first = await startSessions();
    const client = await first.connect();
    const outer = await stopped(client, PROGRAM);
    const inner = await client.start('await ui.button("End"); "inner " + special.host');
    await client.until(() => client.state!.prompts.length === 1);
    client.close();
    await first.stop({ keepKernels: true });
    await using second = await startSessions(first.root);
    const again = await second.connect();
    assert.equal(runOf(again, outer.executionId).breakpoints?.[0]?.banner, "look at special");
    const [asked] = again.state!.prompts;
    await again.submit({ type: "answer-prompt", promptId: asked!.id, value: {} });
    await again.ended(inner.executionId);
    assert.match(JSON.stringify(again.cells.find(({ id }) => id === inner.cellId)?.outputs), /inner web1/);
    assert.equal(await result(again, "special.tries"), "3");
    await again.submit({ type: "continue-run", executionId: outer.executionId });
    await again.ended(outer.executionId);
    assert.match(await again.text(outer.cellId), /tries 3\n$/);
    const last = await stopped(again, "await nb.breakpoint()");
    const pid = Number(await result(again, "process.pid"));
    const death = await again.start("await new Promise(() => {})");
    await again.until(() => runOf(again, death.executionId).status === "running");
    process.kill(pid, "SIGKILL");
    for (const { executionId } of [last, death]) await again.ended(executionId);
    assert.deepEqual(
      [last, death].map(({ executionId }) => runOf(again, executionId).status),
      ["error", "error"],
    );
    assert.equal(isStopped(runOf(again, last.executionId)), false);
    again.close();
  });
});
