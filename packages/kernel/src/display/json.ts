import { inspect } from "node:util";
import type { JsonObject, JsonValue } from "@opsbook/jupyter/codec";

const MAX_NODES = 20_000;
const MAX_DEPTH = 12;
const MAX_STRING = 10_000;

/** An object without a class of its own. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** A value as JSON of bounded size: cycles, depth and what JSON has no form for become short texts. */
export function boundedJson(value: unknown): JsonValue {
  let nodes = 0;
  const path = new Set<object>();
  const convert = (one: unknown, depth: number): JsonValue => {
    if (++nodes > MAX_NODES) return "…";
    if (one === null || typeof one === "boolean") return one;
    if (typeof one === "number") return Number.isFinite(one) ? one : String(one);
    if (typeof one === "string") return one.length > MAX_STRING ? `${one.slice(0, MAX_STRING)}…` : one;
    if (typeof one !== "object") return brief(one);
    if (path.has(one)) return "[Circular]";
    if (depth >= MAX_DEPTH) return brief(one);
    const replaced = withToJson(one);
    if (replaced !== one) return convert(replaced, depth + 1);
    if (!Array.isArray(one) && !isPlain(one)) return brief(one);
    path.add(one);
    const result = Array.isArray(one) ? list(one, depth) : record(one, depth);
    path.delete(one);
    return result;
  };
  const list = (items: readonly unknown[], depth: number): JsonValue[] => {
    const result: JsonValue[] = [];
    for (const item of items) {
      if (nodes > MAX_NODES) {
        result.push(`… ${items.length - result.length} more`);
        break;
      }
      result.push(convert(item, depth + 1));
    }
    return result;
  };
  const record = (object: object, depth: number): JsonObject => {
    const result: JsonObject = Object.create(null);
    for (const [key, item] of Object.entries(object)) {
      if (nodes > MAX_NODES) {
        result["…"] = "more";
        break;
      }
      if (item !== undefined) result[key] = convert(item, depth + 1);
    }
    return { ...result };
  };
  return convert(value, 0);
}

function withToJson(value: object): unknown {
  const method: unknown = "toJSON" in value ? value.toJSON : undefined;
  return typeof method === "function" ? Reflect.apply(method, value, [""]) : value;
}

function brief(value: unknown): string {
  return inspect(value, { depth: 0, maxStringLength: 200, maxArrayLength: 10, breakLength: Number.POSITIVE_INFINITY });
}
