import assert from "node:assert/strict";
import { test } from "node:test";
import { answerErrors, type Form } from "@opsbook/notebook/session";
import { initialDraft, toAnswer } from "./values.ts";

const form: Form = {
  kind: "form",
  properties: {
    host: { type: "string" },
    size: { type: "integer", enum: [1, 2] },
    tries: { type: "number", default: 3 },
    zones: { type: "array", enum: ["a", "b"], default: ["a"] },
    dry: { type: "boolean", default: true },
    note: { type: "string" },
  },
  required: ["host"],
};

test("what stands in the fields at first is their defaults, and answers as values of their types", () => {
  const draft = initialDraft(form);
  assert.deepEqual(draft, { host: "", size: "", tries: "3", zones: ["a"], dry: true, note: "" });
  const answer = toAnswer(form, { ...draft, host: "web1", size: "2", tries: "0.5" });
  assert.deepEqual(answer, { host: "web1", size: 2, tries: 0.5, zones: ["a"], dry: true, note: "" });
  assert.deepEqual(answerErrors(form, answer), []);
});

test("half a number, and a field that must be filled, are faults", () => {
  const answer = toAnswer(form, { ...initialDraft(form), tries: "1e" });
  assert.deepEqual(answerErrors(form, answer), [
    { field: "host", message: "Please fill this in." },
    { field: "tries", message: "A number is needed." },
  ]);
});
