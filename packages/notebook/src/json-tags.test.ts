import assert from "node:assert/strict";
import { test } from "node:test";
import { readJson } from "./json-read.ts";
import { plainJson, tagJson } from "./json-tags.ts";
import { JUPYTER_LAYOUT, writeJson } from "./json-write.ts";
import type { JsonValue } from "./model.ts";
import { Random } from "./testing/random.ts";
import { randomJson } from "./testing/random-file.ts";

const LINE = { ...JUPYTER_LAYOUT, indent: null, colon: ":", tail: "" };

function read(text: string): JsonValue {
  const result = readJson(text);
  assert.ok(result.ok, text);
  return result.value;
}

test("random JSON comes out as it went in, and its tagged form survives JSON and structuredClone", () => {
  for (let seed = 1; seed <= 5000; seed++) {
    const text = randomJson(new Random(seed), 5);
    const value = read(text);
    assert.equal(writeJson(value, LINE), text, `seed ${seed}`);
    assert.deepEqual(JSON.parse(JSON.stringify(value)), value, `seed ${seed}`);
    assert.deepEqual(structuredClone(value), value, `seed ${seed}`);
  }
});

test("plain values go into the tagged form and back", () => {
  const plain: JsonValue = JSON.parse(
    '{"$number": "1.0", "__proto__": {"polluted": true}, "$order": ["a"], "n": 1.5, "list": [null, "x"]}',
  );
  const tagged = tagJson(plain);
  assert.deepEqual(JSON.parse(writeJson(tagged, LINE)), plain);
  assert.deepEqual(plainJson(tagged), plain);
  assert.equal(plainJson(read("1e-05")), 0.00001);
  assert.ok(Number.isNaN(plainJson(tagJson(Number.NaN))));
});

test("reading __proto__ changes no prototype", () => {
  const value = read('{"__proto__": {"polluted": true}}');
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value ?? {})) copy[key] = item;
  assert.equal(copy.polluted, undefined);
  assert.equal(writeJson(value, LINE), '{"__proto__":{"polluted":true}}');
});

test("a repeated key has Python's meaning: first place, last value", () => {
  assert.equal(writeJson(read('{"a":1,"b":2,"a":3}'), LINE), '{"a":3,"b":2}');
});

test("numbers and lone surrogates of the model are written as JSON can hold them", () => {
  assert.equal(writeJson([-0, 1e21, Number.NaN, "\ud800"], LINE), '[-0,1e+21,NaN,"\\ud800"]');
});

test("a hundred thousand backslashes before a quote are read in linear time", () => {
  const text = `"${"\\\\".repeat(100_000)}\\""`;
  assert.equal(read(text), `${"\\".repeat(100_000)}"`);
});
