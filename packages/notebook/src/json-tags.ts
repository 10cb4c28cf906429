/**
 * Tagged form: how JSON that JavaScript cannot hold as it was written travels as plain data.
 *
 * - `{ "$number": "1.0" }` is a number whose spelling differs from JavaScript's (`1.0`, `1e-05`, `-0`,
 *   integers beyond 2^53, `NaN`, `Infinity`).
 * - `"$order": ["b", "1"]` inside an object lists its keys as written, where JavaScript would move
 *   integer-like keys to the front. It is a hint: listed keys that are gone are skipped, others follow.
 * - The key `__proto__` is held as `$__proto__`, so that copying by assignment cannot touch a prototype.
 * - A real key that reads like one of these (`$number`, `$$order`, …) gets one more `$` in front.
 */
import type { JsonObject, JsonValue } from "./model.ts";

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const RESERVED = /^\$+(?:number|order|__proto__)$/;
const ESCAPED = /^(?:\$\$+(?:number|order)|\$+__proto__)$/;

/** In-memory name of a key read from a file. */
export function tagKey(key: string): string {
  return key === "__proto__" || RESERVED.test(key) ? `$${key}` : key;
}

/** Name in the file of an in-memory key. */
export function untagKey(key: string): string {
  return ESCAPED.test(key) ? key.slice(1) : key;
}

/** Holds a number as JavaScript's own where that prints the same text, as a tag otherwise. */
export function tagNumber(text: string): JsonValue {
  const value = Number(text);
  return Number.isFinite(value) && String(value) === text ? value : { $number: text };
}

/** The spelling inside a `$number` tag, or `undefined` where the value is none. */
export function taggedNumber(value: JsonValue | undefined): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const text = value.$number;
  if (typeof text !== "string" || Object.keys(value).length !== 1) return undefined;
  return NUMBER.test(text) || text === "NaN" || text === "Infinity" || text === "-Infinity" ? text : undefined;
}

/** The `$order` hint of an object, or `undefined` where it has none. */
function taggedOrder(object: JsonObject): string[] | undefined {
  const order = object.$order;
  return Array.isArray(order) && order.every((key) => typeof key === "string") ? order : undefined;
}

/** The in-memory keys of an object in the order of the file. */
export function orderedKeys(object: JsonObject): string[] {
  const own = Object.keys(object);
  const order = taggedOrder(object);
  if (order === undefined) return own;
  const kept = new Set(order.filter((key) => key !== "$order" && Object.hasOwn(object, key)));
  for (const key of own) if (key !== "$order") kept.add(key);
  return [...kept];
}

/** Builds the in-memory object from keys already tagged; a repeated key keeps its first place and last value. */
export function objectFrom(entries: [string, JsonValue][]): JsonObject {
  const object: JsonObject = {};
  for (const [key, value] of entries) object[key] = value;
  const keys = Object.keys(object);
  if (!keys.some((key) => /^\d/.test(key))) return object;
  const written = new Set(entries.map(([key]) => key));
  let at = 0;
  for (const key of written) if (keys[at++] !== key) return { $order: [...written], ...object };
  return object;
}

/** Ordinary JSON data (a kernel's display data, say) into the tagged form. */
export function tagJson(value: JsonValue): JsonValue {
  if (typeof value === "number")
    return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: spell(value) };
  if (Array.isArray(value)) return value.map(tagJson);
  if (typeof value !== "object" || value === null) return value;
  return objectFrom(Object.entries(value).map(([key, item]) => [tagKey(key), tagJson(item)]));
}

/**
 * Tagged data into ordinary JavaScript values, for renderers and schemas: numbers lose their spelling
 * (and their precision beyond 2^53), objects the order of integer-like keys.
 */
export function plainJson(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(plainJson);
  if (typeof value !== "object" || value === null) return value;
  const number = taggedNumber(value);
  if (number !== undefined) return Number(number);
  return Object.fromEntries(orderedKeys(value).map((key) => [untagKey(key), plainJson(value[key] ?? null)]));
}

/** How a JavaScript number is written: as JSON, and as Python writes what JSON lacks. */
export function spell(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
