import { types } from "node:util";
import type { JsonObject } from "@opsbook/jupyter/codec";
import { plainText } from "../display/bundle.ts";
import { plainName } from "../transform/names.ts";
import type { Completer } from "./complete.ts";

const MAX_SOURCE = 20_000;

/** Help on the value under the cursor. `detail` 1 adds a function's source. */
export function inspectAt(completer: Completer, code: string, at: { cursor: number; detail: number }): JsonObject {
  const chain = completer.chainAt(code, at.cursor);
  const value = chain === "" ? undefined : completer.value(chain);
  if (value === undefined) return { status: "ok", found: false, data: {}, metadata: {} };
  const lines = [`${chain}: ${typeName(value)}`];
  if (typeof value === "function") {
    const source = plainName(Function.prototype.toString.call(value));
    lines.push(at.detail > 0 ? source.slice(0, MAX_SOURCE) : signature(source));
  } else {
    lines.push(plainText(value));
  }
  return { status: "ok", found: true, data: { "text/plain": lines.join("\n") }, metadata: {} };
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "function")
    return types.isAsyncFunction(value)
      ? "async function"
      : /^class\b/.test(Function.prototype.toString.call(value))
        ? "class"
        : "function";
  if (typeof value !== "object") return typeof value;
  const prototype: unknown = Object.getPrototypeOf(value);
  const maker: unknown = prototype === null ? null : Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof maker === "function" && maker.name ? maker.name : "object";
}

function signature(source: string): string {
  const end = source.search(/\)\s*(?:=>|\{)/);
  return end < 0 ? (source.split("\n")[0] ?? "").replace(/\s*\{\s*$/, "") : source.slice(0, end + 1);
}
