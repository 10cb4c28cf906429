import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { TestClient } from "./testing/client.ts";
import { startSessions } from "./testing/server.ts";

const HOST = 'globalThis[Symbol.for("opsbook.host")]';
const SECRET = "hunter22-canary";
/** The secret as cells print it, so that no cell's own text holds it. */
const TYPED = '["hunter", "22", "-canary"].join("")';
const REGISTER = `${HOST}.send("secret-registered", { name: "db", value: ${TYPED} });`;

const textOf = (client: TestClient, cellId: string): unknown[] =>
  client.cells
    .find(({ id }) => id === cellId)!
    .outputs.map((output) => ("data" in output ? output.data["text/plain"] : output.output_type));

async function prompt(client: TestClient) {
  await client.until(() => client.state?.prompts.length === 1);
  return client.state!.prompts[0]!;
}

/** Every file a session writes, the keeper's own spools aside. */
function stored(root: string): string {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), "utf8"))
    .join("\n");
}

describe("questions of a cell", { timeout: 120_000 }, () => {
  test("[part of 3.5-widgets] a form is seen by all, survives a reload, and is answered once by who may", async () => {
    await using server = await startSessions();
    const ada = await server.connect();
    const viewer = await server.connect(undefined, { name: "Vic", role: "viewer" });
    const { cellId, executionId } = await ada.start(
      'const host = await ui.choose(["web1", "web2"], { title: "Which host?" }); "picked " + host',
    );
    const asked = await prompt(ada);
    assert.deepEqual(asked.form, {
      kind: "choose",
      properties: { value: { type: "string", enum: ["web1", "web2"] } },
      required: ["value"],
    });
    const bob = await server.connect(undefined, { name: "Bob", role: "runner" });
    assert.deepEqual(bob.state?.prompts, [asked]);
    const answer = { type: "answer-prompt", promptId: asked.id, value: { value: "web2" } } as const;
    const forbidden = await viewer.trySubmit(answer);
    assert.equal(forbidden.type === "rejected" && forbidden.code, "forbidden");
    const unfit = await bob.trySubmit({ ...answer, value: { value: "db1" } });
    assert.equal(unfit.type === "rejected" && unfit.code, "invalid");
    await bob.submit(answer);
    const late = await ada.trySubmit(answer);
    assert.equal(late.type === "rejected" && late.code, "prompt-not-found");
    await ada.ended(executionId);
    assert.deepEqual(textOf(ada, cellId), ["Which host?  web2 (Bob)", "'picked web2'"]);
    const fact = ada.entries.find(({ op }) => op.type === "prompt-answered");
    assert.deepEqual([fact?.by?.name, fact?.op.type === "prompt-answered" && fact.op.summary], ["Bob", "web2"]);
    for (const client of [ada, bob, viewer]) client.close();
  });

  test("[part of 3.5-widgets] a form stays open while the server restarts, and the kernel hears the answer", async () => {
    const first = await startSessions();
    const client = await first.connect();
    const { cellId, executionId } = await client.start(
      'const { host, tries } = await ui.form({ title: "Roll out", required: ["host"], properties: { host: { type: "string" }, tries: { type: "integer", default: 3 } } }); host + tries',
    );
    const asked = await prompt(client);
    client.close();
    await first.stop({ keepKernels: true });
    await using second = await startSessions(first.root);
    const again = await second.connect();
    assert.deepEqual(again.state?.prompts, [asked]);
    await again.submit({ type: "answer-prompt", promptId: asked.id, value: { host: "web1" } });
    await again.ended(executionId);
    assert.deepEqual(textOf(again, cellId), ["Roll out  host: web1 (Ada)", "'web13'"]);
    again.close();
  });

  test("a line that input() asks for outlives a reload and a restart of the server", async () => {
    const first = await startSessions();
    const client = await first.connect();
    const { cellId, executionId } = await client.start('await input("host? ")');
    const asked = await prompt(client);
    client.cut();
    const reloaded = await first.connect();
    assert.deepEqual(reloaded.state?.prompts, [asked]);
    reloaded.close();
    await first.stop({ keepKernels: true });
    await using second = await startSessions(first.root);
    const again = await second.connect();
    assert.deepEqual(again.state?.prompts, [asked]);
    const form = await again.trySubmit({ type: "answer-prompt", promptId: asked.id, value: { value: "web1" } });
    assert.equal(form.type === "rejected" && form.code, "invalid");
    await again.submit({ type: "answer-prompt", promptId: asked.id, value: "web1" });
    await again.ended(executionId);
    assert.deepEqual(textOf(again, cellId), ["'web1'"]);
    again.close();
  });

  test("[part of 3.5-widgets] a secret answer is stored nowhere, also where the cell prints it", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const { cellId, executionId } = await client.start(
      'const token = await ui.text("Token", { secret: true, name: "api" }); console.log(token); token',
    );
    const asked = await prompt(client);
    await client.submit({ type: "answer-prompt", promptId: asked.id, value: { value: SECRET } });
    await client.ended(executionId);
    assert.equal(await client.text(cellId), "Secret(api)\n");
    assert.deepEqual(textOf(client, cellId), ["Token  •••• (Ada)", "stream", "'Secret(api)'"]);
    await (await server.open()).save();
    client.close();
    await server.stop({ keepKernels: false });
    assert.ok(!stored(server.root).includes(SECRET));
  });

  test("a kernel's claims are held to what they may be", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const { cellId } = await client.run(
      `${HOST}.send("prompt-shown", { id: "x", prompt: "p", form: {} });
       ${HOST}.send("prompt-shown", { id: "long-enough", prompt: "p", form: { kind: "form", properties: { constructor: { type: "string" } } } });
       ${HOST}.send("prompt-answered", { id: "long-enough", value: {} });
       ${HOST}.send("plan-approved", { id: "p", by: "nobody" });
       ${HOST}.send("no-such-message", {});
       ${HOST}.send("guard-passed", { rule: "sh.shell", why: "quotes", reason: "a throw-away machine" });
       for (let i = 0; i < 1000; i++) ${HOST}.send("progress", { id: "copy", label: "copy", done: i, total: 1000 });
       ${HOST}.send("progress", { id: "copy", label: "copy", done: 1000, total: 1000, finished: true });`,
    );
    assert.deepEqual(client.state?.prompts, []);
    const shown = textOf(client, cellId);
    assert.deepEqual(shown, ["Guard passed: sh.shell, because: a throw-away machine", "copy  1000 of 1000, done"]);
    assert.ok(client.entries.filter(({ op }) => op.type === "output-replaced").length < 500);
    client.close();
  });
});

describe("[part of T14] a registered secret", { timeout: 120_000 }, () => {
  const CELLS = [
    `${REGISTER} process.stdout.write("a hunt"); await new Promise((go) => setTimeout(go, 60)); process.stdout.write("er22-can"); await new Promise((go) => setTimeout(go, 60)); console.log("ary b")`,
    `({ header: "Bearer " + ${TYPED}, [${TYPED}]: 1 })`,
    `display.html("<b>" + ${TYPED} + "</b>")`,
    `console.error(Buffer.from(${TYPED}).toString("base64"))`,
    `throw new Error("refused: " + ${TYPED})`,
  ];

  test("is in no output, log, snapshot, spool or file", async () => {
    await using server = await startSessions();
    const client = await server.connect();
    const first = await client.run(CELLS[0]!);
    assert.equal(await client.text(first.cellId), "a Secret(db) b\n");
    for (const source of CELLS.slice(1)) await client.run(source);
    assert.equal(JSON.stringify(client.frames).includes(SECRET), false);
    await (await server.open()).save();
    client.close();
    await server.stop({ keepKernels: false });
    const all = stored(server.root);
    assert.ok(!all.includes(SECRET));
    assert.ok(!all.includes(Buffer.from(SECRET).toString("base64")));
    assert.ok(all.includes("Secret(db)"));
  });

  test("is scrubbed by a restarted server too, of what was printed meanwhile and of what was cut in two", async () => {
    const first = await startSessions();
    const client = await first.connect();
    const { cellId, executionId } = await client.start(
      `${REGISTER} console.log("begin"); process.stdout.write("one hunt");
       while (!(await import("node:fs")).existsSync("go")) await new Promise((go) => setTimeout(go, 20));
       process.stdout.write("er22-canary two\\n"); console.log(${TYPED}); await ui.button("End");`,
    );
    await client.until(() => [...client.outputs.values()].flat().join("").includes("one "));
    client.close();
    await first.stop({ keepKernels: true });
    const { writeFileSync } = await import("node:fs");
    writeFileSync(join(first.root, "go"), "");
    await using second = await startSessions(first.root);
    const again = await second.connect();
    const asked = await prompt(again);
    await again.submit({ type: "answer-prompt", promptId: asked.id, value: {} });
    await again.ended(executionId);
    assert.equal(await again.text(cellId), "begin\none Secret(db) two\nSecret(db)\n");
    again.close();
    await second.stop({ keepKernels: false });
    assert.ok(!stored(first.root).includes(SECRET));
  });
});
