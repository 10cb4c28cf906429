import type { JsonValue } from "../model.ts";

/** Equal as data: neither the order of keys nor the hint about it (`$order`) counts. */
export function sameJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => sameJson(item, b[index]))
    );
  const keys = keysOf(a);
  return keys.length === keysOf(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]));
}

const keysOf = (object: object) => Object.keys(object).filter((key) => key !== "$order");

/** Text that is equal where `sameJson` says so. */
export function canonicalJson(value: JsonValue): string {
  return JSON.stringify(value, (_, item: JsonValue) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(
          keysOf(item)
            .sort()
            .map((key) => [key, item[key]]),
        )
      : item,
  );
}

/** One top-level key; undefined where a side lacks it. */
export interface KeyChange {
  key: string;
  before: JsonValue | undefined;
  after: JsonValue | undefined;
}

export function diffKeys(before: Record<string, JsonValue>, after: Record<string, JsonValue>): KeyChange[] {
  const keys = new Set([...keysOf(before), ...keysOf(after)]);
  return [...keys].flatMap((key) => {
    const change = { key, before: own(before, key), after: own(after, key) };
    return sameJson(change.before, change.after) ? [] : [change];
  });
}

const own = (object: Record<string, JsonValue>, key: string) => (Object.hasOwn(object, key) ? object[key] : undefined);
