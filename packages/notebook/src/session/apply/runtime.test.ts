import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../model.ts";
import type { ServerOperation, UserOperation } from "../operations.ts";
import { answerSummary, type Form, formSchema } from "../question.ts";
import type { Prompt, Runtime, SessionState } from "../state.ts";
import { ADA, BOB, BY_SERVER, cell, codeOf, execution, must, stateOf, tryApply } from "../testing/fixtures.ts";

const deno: Runtime = {
  kernelName: "deno",
  displayName: "Deno",
  language: "typescript",
  kernelId: "k-000001",
  status: "idle",
};
const changed = (more: Partial<Runtime> = {}): ServerOperation => ({ type: "kernel-changed", ...deno, ...more });
const withMetadata = (metadata: SessionState["notebook"]["metadata"], runtime: Runtime): SessionState => ({
  ...stateOf([], { runtime }),
  notebook: { metadata, nbformat_minor: 5, cells: [], bin: [] },
});

describe("the kernel", () => {
  const queue = stateOf([cell("a", "1"), cell("b", "2")], {
    executions: [execution("run-0001", "a", { status: "running" }), execution("run-0002", "b")],
  });

  test("[K1] an interrupt is passed on and changes nothing by itself", () => {
    const result = must(queue, { type: "interrupt-kernel" });
    assert.deepEqual(result, { ok: true, state: queue, effects: [{ type: "interrupt-kernel" }] });
  });

  test("[K2] a restart ends the queue; the running cell ends when the kernel does", () => {
    const { state, effects } = must(queue, { type: "restart-kernel" });
    const reason = "Not run: Ada restarted the kernel.";
    const ended = { ...queue.executions[1]!, status: "not-run", finishedAt: 1_000, reason } as const;
    assert.deepEqual(state, { ...queue, executions: [queue.executions[0], ended] });
    assert.deepEqual(effects, [{ type: "restart-kernel" }]);
  });

  test("[K3] it is changed only while nothing runs or waits", () => {
    const select: UserOperation = { type: "select-kernel", kernelName: "deno" };
    assert.equal(codeOf(tryApply(queue, select)), "cell-busy");
    const free = stateOf([cell("a", "1")], { executions: [execution("run-0001", "a", { status: "error" })] });
    const result = must(free, select);
    assert.deepEqual(result, { ok: true, state: free, effects: [{ type: "select-kernel", kernelName: "deno" }] });
  });

  test("[K4] the notebook remembers a kernel that was found, and drops what described another", () => {
    const before = { kernelspec: { name: "python3", env: "x" }, language_info: { name: "python" }, title: "T" };
    const { state } = must(withMetadata(before, stateOf([]).runtime), changed(), BY_SERVER);
    const kernelspec = { display_name: "Deno", language: "typescript", name: "deno" };
    assert.deepEqual(state, withMetadata({ title: "T", kernelspec }, deno));
  });

  test("[K4] the same kernel, a missing one or none leaves the metadata alone; the cause is told and untold", () => {
    const before = { kernelspec: { name: "deno", env: "x" }, language_info: { name: "typescript" } };
    const dead = { ...deno, status: "dead", detail: "killed by SIGKILL" } as const;
    const died = must(withMetadata(before, deno), changed(dead), BY_SERVER).state;
    assert.deepEqual(died, withMetadata(before, dead));
    assert.deepEqual(must(died, changed(), BY_SERVER).state, withMetadata(before, deno));
    for (const status of ["unknown-kernel", "none"] as const) {
      const other = { ...deno, kernelName: "julia", status };
      assert.deepEqual(must(withMetadata(before, deno), changed(other)).state, withMetadata(before, other));
    }
  });
});

describe("prompts", () => {
  const prompt: Prompt = {
    id: "ask-0001",
    executionId: "run-0001",
    cellId: "a",
    text: "Password:",
    password: true,
    openedAt: 2_000,
  };
  const opened = (executionId = "run-0001"): ServerOperation => ({
    type: "prompt-opened",
    promptId: "ask-0001",
    executionId,
    text: "Password:",
    password: true,
  });
  const asking = (prompts: Prompt[]) =>
    stateOf([cell("a", "1"), cell("b", "2")], {
      executions: [execution("run-0001", "a", { status: "running" }), execution("run-0002", "b")],
      prompts,
    });

  test("[K5] only a running cell asks, and asking again is one prompt", () => {
    assert.deepEqual(must(asking([]), opened(), BY_SERVER).state, asking([prompt]));
    assert.deepEqual(must(asking([prompt]), opened(), BY_SERVER).state, asking([prompt]));
    assert.equal(codeOf(tryApply(asking([]), opened("run-0002"))), "execution-not-found");
    assert.equal(codeOf(tryApply(asking([]), opened("run-0009"))), "execution-not-found");
  });

  test("[K6] the first answer counts and is nowhere in the state", () => {
    const answer: UserOperation = { type: "answer-prompt", promptId: "ask-0001", value: "hunter2-secret" };
    const { state, effects } = must(asking([prompt]), answer);
    assert.deepEqual(state, asking([]));
    assert.deepEqual(effects, [{ type: "send-input", promptId: "ask-0001", value: "hunter2-secret" }]);
    assert.equal(JSON.stringify(state).includes("hunter2-secret"), false);
    assert.equal(codeOf(tryApply(state, answer)), "prompt-not-found");
  });

  test("[K6] prompt-answered, which the log holds in its place, leaves the same state", () => {
    const told: ServerOperation = { type: "prompt-answered", promptId: "ask-0001" };
    assert.deepEqual(must(asking([prompt]), told, BY_SERVER), { ok: true, state: asking([]), effects: [] });
    assert.equal(codeOf(tryApply(asking([]), told)), "prompt-not-found");
  });
});

describe("forms", () => {
  const form: Form = {
    kind: "form",
    properties: {
      host: { type: "string", enum: ["web1", "web2"], title: "Host" },
      tries: { type: "integer", minimum: 1, maximum: 9, default: 3 },
      token: { type: "string", secret: true },
      zones: { type: "array", enum: ["a", "b"] },
      dry: { type: "boolean" },
    },
    required: ["host"],
  };
  const ask: ServerOperation = {
    type: "prompt-opened",
    promptId: "ask-0001",
    executionId: "run-0001",
    text: "Restart",
    password: false,
    form,
  };
  const running = stateOf([cell("a", "1")], { executions: [execution("run-0001", "a", { status: "running" })] });
  const asking = must(running, ask, BY_SERVER).state;
  const answer = (value: JsonObject): UserOperation => ({ type: "answer-prompt", promptId: "ask-0001", value });

  test("[K8] an open form is part of the state, and its answer is checked field by field", () => {
    assert.deepEqual(asking.prompts[0]?.form, form);
    const refused = (value: JsonObject): string => {
      const result = tryApply(asking, answer(value));
      return result.ok ? "accepted" : `${result.code} ${result.message}`;
    };
    assert.equal(refused({}), "invalid host: Please fill this in.");
    assert.equal(refused({ host: "db1" }), "invalid host: Choose one of the options.");
    assert.equal(refused({ host: "web1", tries: 1.5 }), "invalid tries: A whole number is needed.");
    assert.equal(refused({ host: "web1", tries: 10 }), "invalid tries: At most 9.");
    assert.equal(refused({ host: "web1", zones: ["a", "a"] }), "invalid zones: Choose each option once.");
    assert.equal(refused({ host: "web1", zones: ["c"] }), "invalid zones: Choose from the options.");
    assert.equal(refused({ host: "web1", dry: "yes" }), "invalid dry: Yes or no.");
    assert.equal(refused({ host: "web1", toString: "x" }), "invalid toString: The form does not ask for this.");
    const line = tryApply(asking, { type: "answer-prompt", promptId: "ask-0001", value: "web1" });
    assert.equal(codeOf(line), "invalid");
    assert.equal(refused({ host: "web1", tries: 2, token: "hunter2", zones: ["b"], dry: true }), "accepted");
  });

  test("[K9] of an answered form a line stays that names who answered and no secret; the log's fact leaves the same", () => {
    const value = { host: "web1", token: "hunter2-secret", zones: ["a", "b"] };
    const { state, effects } = must(asking, answer(value));
    assert.deepEqual(effects, [{ type: "send-answer", promptId: "ask-0001", answer: value }]);
    assert.deepEqual(state.prompts, []);
    assert.equal(JSON.stringify(state).includes("hunter2-secret"), false);
    const summary = answerSummary(form, value);
    assert.equal(summary, "Host: web1 · token: •••• · zones: a, b");
    const output = state.notebook.cells[0]?.outputs[0];
    assert.ok(output?.output_type === "display_data");
    assert.equal(output.data["text/plain"], `Restart  ${summary} (Ada)`);
    const told = must(asking, { type: "prompt-answered", promptId: "ask-0001", summary });
    assert.deepEqual(told.state, state);
    assert.equal(codeOf(tryApply(state, answer(value))), "prompt-not-found");
  });

  test("[K10] a form names its fields without reaching a prototype, and is bounded", () => {
    const fits = (properties: string) =>
      formSchema.safeParse(JSON.parse(`{"kind":"form","properties":{${properties}}}`)).success;
    assert.equal(fits('"host name":{"type":"string"}'), true);
    for (const name of ["constructor", "toString", "", "1st", "a\\nb"])
      assert.equal(fits(`"${name}":{"type":"string"}`), false, name);
    assert.equal(fits(Array.from({ length: 51 }, (_, i) => `"f${i}":{"type":"string"}`).join()), false);
  });
});

describe("people", () => {
  const joined = (clientId: string, user = ADA): ServerOperation => ({
    type: "client-joined",
    clientId,
    user,
    role: "editor",
  });

  test("[K7] each tab is there once, and leaving twice is leaving", () => {
    let state = must(stateOf([]), joined("tab-0001"), BY_SERVER).state;
    state = must(state, joined("tab-0002", BOB), BY_SERVER).state;
    state = must(state, joined("tab-0001"), { by: null, at: 3_000 }).state;
    const bob = { id: "tab-0002", user: BOB, role: "editor", joinedAt: 2_000 } as const;
    const ada = { id: "tab-0001", user: ADA, role: "editor", joinedAt: 3_000 } as const;
    assert.deepEqual(state, stateOf([], { clients: [bob, ada] }));
    state = must(state, { type: "client-left", clientId: "tab-0002" }, BY_SERVER).state;
    state = must(state, { type: "client-left", clientId: "tab-0002" }, BY_SERVER).state;
    assert.deepEqual(state, stateOf([], { clients: [ada] }));
  });
});
