import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseNotebook } from "@opsbook/notebook";
import { sourceHash } from "@opsbook/notebook/session";
import { startSessions } from "./testing/server.ts";

const fileOf = (root: string) => {
  const parsed = parseNotebook(readFileSync(join(root, "test.ipynb"), "utf8"));
  assert.ok(parsed.ok);
  return parsed.notebook;
};

describe("a session over its socket", { timeout: 60_000 }, () => {
  test("[3.1-eval] a run shows its value, and the file holds it once saved", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const { cellId } = await client.run("const a: number = 40;\na + 2");
    const cell = client.cells.find(({ id }) => id === cellId);
    const output = cell?.outputs[0];
    assert.equal(output?.output_type, "execute_result");
    assert.equal(output.output_type === "execute_result" && output.data["text/plain"], "42");
    await (await server.open()).save();
    const saved = fileOf(server.root).cells.at(-1);
    assert.equal(saved?.source, "const a: number = 40;\na + 2");
    assert.equal(saved?.cell_type === "code" && saved.outputs.length, 1);
    client.close();
  });

  test("[P5] output that arrives with nobody connected is all there, in order", async () => {
    await using server = await startSessions();
    const first = await server.connect();
    const { cellId, executionId } = await first.start(
      "for (let i = 0; i < 20000; i++) { console.log('line', i); if (i % 5000 === 0) await new Promise((r) => setTimeout(r, 20)); }",
    );
    first.cut();
    await first.until(() => first.closed !== null);
    const second = await server.connect();
    await second.ended(executionId);
    const expected = Array.from({ length: 20000 }, (_, i) => `line ${i}\n`).join("");
    assert.equal(await second.text(cellId), expected);
    assert.deepEqual(second.gaps, []);
    second.close();
  });

  test("[P6] a tab that is cut again and again holds every byte once", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const { cellId, executionId } = await client.start(
      "for (let i = 0; i < 300; i++) { console.log('line', i, 'x'.repeat(200)); await new Promise((r) => setTimeout(r, 3)); }",
    );
    const done = () => client.state?.executions.find(({ id }) => id === executionId)?.status === "ok";
    for (let cuts = 0; cuts < 12 && !done(); cuts++) {
      const frames = client.frames.length;
      await client.until(() => client.frames.length > frames + 3 || done());
      client.cut();
      await client.until(() => client.closed !== null);
      await client.reconnect();
    }
    await client.ended(executionId);
    const expected = Array.from({ length: 300 }, (_, i) => `line ${i} ${"x".repeat(200)}\n`).join("");
    assert.equal(await client.text(cellId), expected);
    assert.deepEqual(client.gaps, []);
    client.close();
  });

  test("[P6] a submission sent again is answered again and not repeated", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const op = {
      type: "insert-cell" as const,
      cellId: "cell-one-1",
      cellType: "code" as const,
      source: "1",
      metadata: {},
      after: null,
      index: 0,
    };
    const seq = await client.submit(op, 1);
    assert.equal(await client.submit(op, 1), seq);
    client.cut();
    await client.until(() => client.closed !== null);
    const welcome = await client.reconnect();
    assert.equal(welcome.lastClientSeq, 1);
    assert.equal(await client.submit(op, 1), seq);
    assert.equal(client.cells.length, 1);
    client.close();
  });

  test("[9.0-shared-session] two people see each other's cells and runs; a viewer changes nothing", async () => {
    await using server = await startSessions();
    const ada = await server.connect();
    const jon = await server.connect(undefined, { name: "Jon", role: "viewer" });
    const { cellId } = await ada.run("console.log('hello')");
    await jon.until(() => jon.seq >= ada.seq);
    assert.deepEqual(jon.cells, ada.cells);
    assert.equal(await jon.text(cellId), "hello\n");
    const refused = await jon.trySubmit({ type: "delete-cell", cellId });
    assert.equal(refused.type === "rejected" && refused.code, "forbidden");
    ada.close();
    jon.close();
  });

  test("[3.5-interrupt] a tight loop is interrupted, its state kept, and the queue behind it is not run", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    await client.run("let kept = 7");
    const loop = await client.start("while (true) {}");
    const behind = await client.start("kept");
    await client.until(() => client.state?.executions.find(({ id }) => id === loop.executionId)?.status === "running");
    await client.submit({ type: "interrupt-kernel" });
    await client.ended(loop.executionId);
    await client.ended(behind.executionId);
    const status = (id: string) => client.state?.executions.find((execution) => execution.id === id)?.status;
    assert.equal(status(loop.executionId), "interrupted");
    assert.equal(status(behind.executionId), "not-run");
    const { cellId } = await client.run("kept");
    const output = client.cells.find(({ id }) => id === cellId)?.outputs[0];
    assert.equal(output?.output_type === "execute_result" && output.data["text/plain"], "7");
    client.close();
  });

  test("[P8] a kernel that dies is told with its cause, and what was queued is not run", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const dying = await client.start("process.kill(process.pid, 'SIGKILL'); await new Promise(() => {})");
    const queued = await client.start("1");
    await client.ended(dying.executionId);
    await client.ended(queued.executionId);
    await client.until(() => client.state?.runtime.status === "dead");
    assert.match(client.state?.runtime.detail ?? "", /SIGKILL|signal 9/);
    assert.equal(client.state?.executions.find(({ id }) => id === queued.executionId)?.status, "not-run");
    await client.submit({ type: "restart-kernel" });
    await client.until(() => client.state?.runtime.status === "idle");
    await client.run("1");
    client.close();
  });

  test("[part of 3.5-widgets] a prompt survives a reload and is answered once", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const { cellId, executionId } = await client.start("const host = await input('host? '); console.log('got', host)");
    await client.until(() => client.state?.prompts.length === 1);
    const other = await server.connect(undefined, { name: "Jon" });
    const promptId = other.state?.prompts[0]?.id ?? "";
    assert.equal(other.state?.prompts[0]?.text, "host? ");
    await other.submit({ type: "answer-prompt", promptId, value: "web1" });
    const second = await client.trySubmit({ type: "answer-prompt", promptId, value: "web2" });
    assert.equal(second.type === "rejected" && second.code, "prompt-not-found");
    await client.ended(executionId);
    assert.equal(await client.text(cellId), "got web1\n");
    client.close();
    other.close();
  });

  test("a cell that somebody changed meanwhile is not run by accident", async () => {
    await using server = await startSessions();
    const ada = await server.connect();
    const jon = await server.connect(undefined, { name: "Jon" });
    const { cellId } = await ada.run("1");
    await jon.until(() => jon.cells.some(({ id }) => id === cellId));
    await jon.submit({ type: "set-source", cellId, source: "drop()" });
    const runs = [{ executionId: "execution-1", cellId, sourceHash: sourceHash("1") }];
    const refused = await ada.trySubmit({ type: "run-cells", runs });
    assert.equal(refused.type === "rejected" && refused.code, "source-changed");
    assert.match(refused.type === "rejected" ? refused.message : "", /Jon/);
    ada.close();
    jon.close();
  });

  test("[P4] a file changed outside is read again while clean, and kept beside while dirty", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    await client.run("1");
    await (await server.open()).save();
    const file = join(server.root, "test.ipynb");
    const { epoch } = client;
    const runs = client.state?.executions.length;
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace('"source": [\n    "1"\n   ]', '"source": [\n    "outside"\n   ]'),
    );
    await client.until(() => client.cells[0]?.source === "outside");
    // An operation among others: open editors and runs of other cells are not disturbed.
    assert.equal(client.epoch, epoch);
    assert.equal(client.state?.executions.length, runs);
    const cellId = client.cells[0]?.id ?? "";
    writeFileSync(file, readFileSync(file, "utf8").replace('"outside"', '"theirs"'));
    await client.submit({ type: "set-source", cellId, source: "ours" });
    const saves = () => client.frames.filter((frame) => frame.type === "save").map(({ save }) => save);
    await client.until(() => saves().some(({ state, message }) => state === "saved" && message !== undefined));
    const copy = readdirSync(server.root).find((name) => name.includes(".outside-"));
    assert.match(readFileSync(join(server.root, copy ?? ""), "utf8"), /theirs/);
    assert.equal(fileOf(server.root).cells[0]?.source, "ours");
    assert.match(saves().at(-1)?.message ?? "", /Changed outside/);
    client.close();
  });

  test("a frame that is none closes the socket; an older page is told to reload", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    client.sendRaw("{");
    await client.until(() => client.closed !== null);
    assert.equal(client.closed, 4008);
  });
});

describe("a server that comes back", { timeout: 60_000 }, () => {
  test("[P1] accepted edits are there, saved or not", async () => {
    const first = await startSessions();
    const client = await first.connect();
    await client.submit({
      type: "insert-cell",
      cellId: "kept-cell",
      cellType: "markdown",
      source: "# Kept",
      metadata: {},
      after: null,
      index: 0,
    });
    client.close();
    await first.stop({ keepKernels: false });
    await using second = await startSessions(first.root);
    const again = await second.connect();
    assert.equal(again.cells[0]?.source, "# Kept");
    again.close();
  });

  test("[P9] a kernel goes on without a server, and its output is all there afterwards", async () => {
    const first = await startSessions();
    const client = await first.connect();
    const { cellId, executionId } = await client.start(
      "for (let i = 0; i < 40; i++) { console.log('tick', i); await new Promise((r) => setTimeout(r, 25)); } 'end'",
    );
    await client.until(() => [...client.outputs.values()].flat().length > 0);
    client.close();
    await first.stop({ keepKernels: true });
    await using second = await startSessions(first.root);
    const again = await second.connect();
    await again.ended(executionId);
    assert.equal(again.state?.executions.find(({ id }) => id === executionId)?.status, "ok");
    assert.equal(await again.text(cellId), Array.from({ length: 40 }, (_, i) => `tick ${i}\n`).join(""));
    again.close();
  });
});
