import assert from "node:assert/strict";
import { test } from "node:test";
import { startSessions } from "./testing/server.ts";

test("[P8] a stopped kernel is told as not answering, a busy one is not; it goes on, and a restart brings back a stopped one", {
  timeout: 180_000,
}, async () => {
  await using server = await startSessions();
  const client = await server.connect();
  const { cellId } = await client.run("process.pid");
  const output = client.cells.find(({ id }) => id === cellId)?.outputs[0];
  const pid = Number(output?.output_type === "execute_result" && output.data["text/plain"]);
  assert.ok(pid > 1);
  const status = () => client.state?.runtime.status;

  const from = client.entries.length;
  await client.run("const end = Date.now() + 12_000; while (Date.now() < end);");
  const told = client.entries.slice(from).flatMap(({ op }) => (op.type === "kernel-changed" ? [op.status] : []));
  assert.deepEqual(told, [], "user code that holds the main thread is no hang");

  process.kill(pid, "SIGSTOP");
  await client.until(() => status() === "not-answering");
  assert.match(client.state?.runtime.detail ?? "", /stopped/);
  process.kill(pid, "SIGCONT");
  await client.until(() => status() === "idle");
  await client.run("1");

  process.kill(pid, "SIGSTOP");
  await client.until(() => status() === "not-answering");
  const waiting = await client.start("2");
  await client.submit({ type: "restart-kernel" });
  await client.until(() => status() === "idle");
  assert.equal(client.state?.executions.find(({ id }) => id === waiting.executionId)?.status, "not-run");
  await client.run("3");
  client.close();
});

test("[P8] a kernel that is killed is told with its cause and last words, and what was queued is not run", {
  timeout: 240_000,
}, async () => {
  await using server = await startSessions();
  const client = await server.connect();
  const ways: [signal: NodeJS.Signals, cause: RegExp][] = [
    ["SIGKILL", /signal 9 \(SIGKILL\).*counted no out-of-memory kill/],
    ["SIGTERM", /SIGTERM|exit code/],
    ["SIGABRT", /aborted \(SIGABRT\)/],
    ["SIGSEGV", /crashed \(SIGSEGV\)/],
  ];
  for (const [signal, cause] of ways) {
    const dying = await client.start(
      "require('node:fs').writeSync(2, 'last words\\n'); await input(String(process.pid))",
    );
    const queued = await client.start("1");
    await client.until(() => client.state?.prompts.length === 1);
    process.kill(Number(client.state?.prompts[0]?.text), signal);
    await client.ended(dying.executionId);
    await client.ended(queued.executionId);
    await client.until(() => client.state?.runtime.status === "dead");
    const execution = (id: string) => client.state?.executions.find((one) => one.id === id);
    assert.match(client.state?.runtime.detail ?? "", cause);
    assert.match(client.state?.runtime.detail ?? "", /\nlast words/);
    assert.equal(execution(queued.executionId)?.status, "not-run");
    assert.match(execution(queued.executionId)?.reason ?? "", cause);
    const outputs = client.cells.find(({ id }) => id === dying.cellId)?.outputs ?? [];
    assert.ok(outputs.some((output) => output.output_type === "error" && output.ename === "KernelDied"));
    await client.submit({ type: "restart-kernel" });
    await client.until(() => client.state?.runtime.status === "idle");
  }
  client.close();
});
