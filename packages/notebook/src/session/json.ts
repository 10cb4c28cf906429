import { z } from "zod";
import { MAX_DEPTH } from "../json-read.ts";
import type { JsonObject } from "../model.ts";

/** Levels a value of the session may nest: what still fits into a file once a notebook is around it. */
export const MAX_VALUE_DEPTH = MAX_DEPTH - 100;

/** Values deeper than this could not be saved. Walks without recursion, as depth is what an attacker chooses. */
export function isTooDeep(value: unknown): boolean {
  return walk(value, () => false) === "too-deep";
}

/** What a person submits. `__proto__` is refused, because copying by assignment would lose it. */
export const submittedObject: z.ZodType<JsonObject> = z.unknown().superRefine((value, context) => {
  const fault = isPlainObject(value) ? walk(value, (key) => key === "__proto__") : "not-an-object";
  if (fault === null) return;
  const messages = {
    "not-an-object": "a JSON object is needed",
    "not-json": "only JSON values can be kept",
    "too-deep": `values nest at most ${MAX_VALUE_DEPTH} levels`,
    key: "the key __proto__ cannot be kept; write it as $__proto__",
  };
  context.addIssue({ code: "custom", message: messages[fault] });
}) as unknown as z.ZodType<JsonObject>;

/** What the server states: taken as it is, since a reader that refuses or drops a part would come apart from it. */
export const statedObject = z.custom<JsonObject>(isPlainObject, "a JSON object is needed");

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Fault = "not-json" | "too-deep" | "key";

function walk(root: unknown, isBadKey: (key: string) => boolean): Fault | null {
  let level: unknown[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_VALUE_DEPTH) return "too-deep";
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null) {
        if (value !== null && !isScalar(value)) return "not-json";
        continue;
      }
      if (!Array.isArray(value) && Object.keys(value).some(isBadKey)) return "key";
      for (const item of Object.values(value)) next.push(item);
    }
    level = next;
  }
  return null;
}

const isScalar = (value: unknown) =>
  typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
