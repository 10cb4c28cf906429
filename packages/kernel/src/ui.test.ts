import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HOST_COMM_ID, HOST_COMM_TARGET, hostMessageSchema, type JsonObject, type JsonValue } from "@opsbook/jupyter";
import { LiveKernel, type Run } from "./testing/live-kernel.ts";

/** A kernel whose host channel is open, and the server's side of it. */
class Hosted implements AsyncDisposable {
  static async start(): Promise<Hosted> {
    const kernel = await LiveKernel.start();
    const content = { comm_id: HOST_COMM_ID, target_name: HOST_COMM_TARGET, data: { version: 1 } };
    await kernel.client.send("shell", kernel.client.message("comm_open", content));
    return new Hosted(kernel);
  }

  readonly kernel: LiveKernel;

  private constructor(kernel: LiveKernel) {
    this.kernel = kernel;
  }

  said(type: string): JsonObject[] {
    return this.kernel.heard
      .filter(({ message }) => message.header.msg_type === "comm_msg")
      .map(({ message }) => message.content.data as JsonObject)
      .filter((data) => data.type === type);
  }

  async tell(data: JsonObject): Promise<void> {
    const content = { comm_id: HOST_COMM_ID, data: { version: 1, ...data } };
    // On the channel of the cells, so that it is heard before the next one.
    await this.kernel.client.send("shell", this.kernel.client.message("comm_msg", content));
  }

  /** Runs a cell that asks once, and answers as a person would. */
  async answered(code: string, value: JsonValue): Promise<{ run: Run; form: JsonObject; prompt: JsonValue }> {
    const before = this.said("prompt-shown").length;
    const id = await this.kernel.submit(code);
    const asked = await this.kernel.until(() => this.said("prompt-shown")[before]);
    assert.equal(hostMessageSchema.safeParse(asked).success, true);
    await this.tell({ type: "prompt-answered", id: asked.id ?? null, value });
    return { run: await this.kernel.finished(id), form: asked.form as JsonObject, prompt: asked.prompt ?? null };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kernel[Symbol.asyncDispose]();
  }
}

const resultOf = (run: Run): unknown => run.result?.["text/plain"] ?? run.errors[0]?.evalue;

describe("[part of 3.5-widgets] questions over the host channel", () => {
  let hosted: Hosted;
  before(async () => {
    hosted = await Hosted.start();
  });
  after(() => hosted[Symbol.asyncDispose]());

  test("plans are shown and applied when somebody agrees, and not when nobody does", async () => {
    const plans = "[1, 2].map((n) => ({ title: 'plan ' + n, apply: async () => n * 10 }))";
    const yes = await hosted.answered(`(await (await ui.review(${plans})).apply()).join()`, { value: true });
    assert.equal(yes.prompt, "Apply these 2 plans?");
    assert.equal(yes.run.displays.length, 2);
    assert.equal(resultOf(yes.run), "'10,20'");
    const no = await hosted.answered(`await ui.review(${plans}[0])`, { value: false });
    assert.equal(resultOf(no.run), "Nobody agreed to this plan; nothing was changed.");
    const bad = await hosted.kernel.run("await ui.review({ title: 1 })");
    assert.match(bad.errors[0]?.evalue ?? "", /takes plans/);
  });

  test("each kind resolves with a typed value", async () => {
    const chosen = await hosted.answered('await ui.choose(["web1", "web2"], { title: "Which?" })', { value: "web2" });
    assert.equal(resultOf(chosen.run), "'web2'");
    assert.equal(chosen.prompt, "Which?");
    assert.deepEqual(chosen.form, {
      kind: "choose",
      properties: { value: { type: "string", enum: ["web1", "web2"] } },
      required: ["value"],
    });
    const object = await hosted.answered("(await ui.choose([{ name: 'a', port: 1 }, { name: 'a', port: 2 }])).port", {
      value: "a (2)",
    });
    assert.equal(resultOf(object.run), "2");
    const many = await hosted.answered("(await ui.choose({ one: 1, two: 2, three: 3 }, { many: true })).join()", {
      value: ["one", "three"],
    });
    assert.equal(resultOf(many.run), "'1,3'");
    assert.equal(resultOf((await hosted.answered('await ui.confirm("Restart?")', { value: true })).run), "true");
    assert.equal(resultOf((await hosted.answered('await ui.button("Go"); "went"', {})).run), "'went'");
    assert.equal(resultOf((await hosted.answered('await ui.text("Why?")', { value: "because" })).run), "'because'");
    const rows = await hosted.answered("(await ui.table([{ host: 'a', up: true }, { host: 'b', up: false }])).host", {
      value: 1,
    });
    assert.equal(resultOf(rows.run), "'b'");
    assert.deepEqual(
      [rows.form.columns, rows.form.rows],
      [
        ["host", "up"],
        [
          ["a", "true"],
          ["b", "false"],
        ],
      ],
    );
    const form = await hosted.answered(
      `const filled = await ui.form({ title: "Roll out", required: ["host"], properties: {
         host: { type: "string", enum: ["web1"] }, batch: { type: "integer", default: 3 }, dry: { type: "boolean", default: true } } });
       JSON.stringify(filled)`,
      { host: "web1", dry: false },
    );
    assert.equal(form.prompt, "Roll out");
    assert.equal(resultOf(form.run), `'{"host":"web1","batch":3,"dry":false}'`);
  });

  test("an answer that does not fit is an error of the cell and not a value", async () => {
    const { run } = await hosted.answered('await ui.choose(["web1"])', { value: "db1" });
    assert.match(String(resultOf(run)), /does not fit: value: choose from web1/);
  });

  test("a secret answer is told to the server as one before the cell goes on", async () => {
    const { run, form } = await hosted.answered(
      'const token = await ui.text("Token", { secret: true, name: "api" }); console.log(token); token.length',
      { value: "hunter2-secret" },
    );
    assert.equal(resultOf(run), "14");
    assert.deepEqual(form.properties, { value: { type: "string", secret: true } });
    const said = hosted.kernel.of(run.id).map(({ message }) => message);
    const types = said.map(({ header, content }) =>
      header.msg_type === "comm_msg" ? (content.data as JsonObject).type : header.msg_type,
    );
    assert.ok(
      types.includes("secret-registered") && types.indexOf("secret-registered") < types.indexOf("stream"),
      types.join(),
    );
  });

  test("an interrupt ends the waiting", async () => {
    const id = await hosted.kernel.submit('await ui.text("never answered")');
    await hosted.kernel.until(() => hosted.said("prompt-shown").some(({ prompt }) => prompt === "never answered"));
    await hosted.kernel.interrupt();
    assert.equal((await hosted.kernel.finished(id)).errors[0]?.ename, "InterruptedError");
  });

  test("a schema that no form can show is refused with what to do", async () => {
    const run = await hosted.kernel.run('await ui.form({ properties: { a: { type: "object" } } } as any)');
    assert.match(String(resultOf(run)), /field a needs a type, one of string/);
  });

  test("a question outside a running cell says so", async () => {
    const run = await hosted.kernel.run(
      "setTimeout(() => ui.text('late').catch((error) => { globalThis.late = error.message }), 0); 1",
    );
    await hosted.kernel.finished(run.id);
    const late = await hosted.kernel.run("while (!globalThis.late) await new Promise((go) => setTimeout(go, 5)); late");
    assert.match(String(resultOf(late)), /needs a cell that runs/);
  });
});

describe("[part of 3.5-widgets] headless", () => {
  let hosted: Hosted;
  before(async () => {
    hosted = await Hosted.start();
    const values = {
      host: "web1",
      sure: "yes",
      batch: "5",
      zones: "a,b",
      token: "hunter2-secret",
      bad: "x",
      opts: { region: "eu" },
    };
    await hosted.tell({ type: "parameters-given", values, attended: false });
    await hosted.kernel.until(() => hosted.said("attached")[0]);
  });
  after(() => hosted[Symbol.asyncDispose]());

  test("parameters answer the same calls by name, with values of the same types", async () => {
    const run = async (code: string): Promise<unknown> => resultOf(await hosted.kernel.run(code));
    assert.equal(await run('await ui.choose(["web1", "web2"], { name: "host" })'), "'web1'");
    assert.equal(await run('await ui.confirm("Restart?", { name: "sure" })'), "true");
    assert.equal(await run('await ui.button("Go", { name: "sure" }); 1'), "1");
    assert.equal(await run('(await ui.choose(["a", "b", "c"], { name: "zones", many: true })).length'), "2");
    const form = 'await ui.form({ properties: { batch: { type: "integer" }, host: { type: "string" } } })';
    assert.equal(await run(`JSON.stringify(${form})`), `'{"batch":5,"host":"web1"}'`);
    const own = 'await ui.form({ properties: { region: { type: "string" } } }, { name: "opts" })';
    assert.equal(await run(`(${own}).region`), "'eu'");
    assert.equal(await run('await ui.text("Why?", { name: "why", default: "routine" })'), "'routine'");
    assert.deepEqual(hosted.said("prompt-shown"), []);
  });

  test("what nobody can answer is an error that names the parameter, and a wrong one is not taken", async () => {
    const error = async (code: string): Promise<unknown> => (await hosted.kernel.run(code)).errors[0]?.evalue;
    assert.match(String(await error('await ui.choose(["eu"], { name: "region" })')), /parameter region, one of: eu\./);
    assert.match(String(await error('await ui.confirm("Delete it?")')), /Nobody is here to answer "Delete it\?"/);
    assert.match(
      String(await error('await ui.choose(["web1"], { name: "bad" })')),
      /parameter bad does not fit: choose/,
    );
  });

  test("the answer stays in the output, a secret one without its value", async () => {
    const run = await hosted.kernel.run('await ui.text("Token", { name: "token", secret: true }); 1');
    const shown = run.displays.map(({ content }) => (content.data as JsonObject)["text/plain"]);
    assert.deepEqual(shown, ["Token  •••• (parameter)"]);
  });
});

test("[part of 3.5-widgets] a front end without the channel gets plain prompts, again until they fit", async () => {
  await using kernel = await LiveKernel.start();
  const id = await kernel.submit(
    `const host = await ui.choose(["web1", "web2"], { title: "Host" });
     const sure = await ui.confirm("Sure?");
     const { batch, pin } = await ui.form({ title: "Roll out", required: ["pin"], properties: { batch: { type: "integer", maximum: 9, default: 3 }, pin: { type: "string", secret: true } } });
     [host, sure, batch, pin].join()`,
  );
  const lines = ["3", "2", "y", "12", "", "", "s3cret"];
  const prompts: unknown[] = [];
  for (const [index, value] of lines.entries()) {
    const question = await kernel.until(() => kernel.of(id, "input_request")[index]);
    prompts.push([question.content.prompt, question.content.password]);
    await kernel.client.send("stdin", kernel.client.message("input_reply", { value }, { parent: question.header }));
  }
  const run = await kernel.finished(id);
  assert.equal(resultOf(run), "'web2,true,3,s3cret'");
  assert.deepEqual(prompts, [
    ["Host (number): ", false],
    ["Host (number): ", false],
    ["Sure? (y/n): ", false],
    ["batch [3]: ", false],
    ["batch [3]: ", false],
    ["pin: ", true],
    ["pin: ", true],
  ]);
  assert.match(run.stdout, /1\) web1\n2\) web2\nPlease answer again: choose from web1, web2\./);
});

test("[part of 3.5-widgets] a bar is one display that is drawn anew, however often it moves", async () => {
  await using kernel = await LiveKernel.start();
  const run = await kernel.run(
    `const bar = ui.progress("copy", { total: 200_000 });
     for (let i = 1; i <= 200_000; i++) bar.update(i);
     bar.finish("copied"); bar`,
  );
  assert.equal(run.result, null);
  const ids = new Set(run.displays.map(({ content }) => (content.transient as JsonObject).display_id));
  assert.equal(ids.size, 1);
  assert.ok(run.displays.length >= 2 && run.displays.length < 100, String(run.displays.length));
  const last = run.displays.at(-1)?.content.data as JsonObject;
  const state = { label: "copied", done: 200_000, total: 200_000, finished: true };
  assert.deepEqual(last["application/vnd.opsbook.progress+json"], state);
  assert.match(String(last["text/plain"]), /^copied {2}█{30} 100 % {2}200000 of 200000, done$/);
  const sum = await kernel.run("let sum = 0; for (const n of ui.progress([1, 2, 3])) sum += n; sum");
  assert.equal(sum.result?.["text/plain"], "6");
});
