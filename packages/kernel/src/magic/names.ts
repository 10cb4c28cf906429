import { inspect } from "node:util";
import type { MagicHost } from "./host.ts";

export interface NameInfo {
  readonly name: string;
  readonly type: string;
  /** The beginning of the value, or its size. */
  readonly info: string;
}

const MAX_INFO = 70;

/** The session's own names, those of one type when it is given. */
export function who(host: MagicHost, type?: string): string[] {
  return whos(host, type).map(({ name }) => name);
}

export function whos(host: MagicHost, type?: string): NameInfo[] {
  return host
    .names()
    .sort()
    .map((name) => ({ name, ...describe(host.peek(name)) }))
    .filter((one) => one.type !== "undefined" && (type === undefined || one.type.toLowerCase() === type.toLowerCase()));
}

function describe(value: unknown): Omit<NameInfo, "name"> {
  const type = typeName(value);
  if (Array.isArray(value)) return { type, info: `${value.length} items` };
  if (value instanceof Map || value instanceof Set) return { type, info: `${value.size} items` };
  if (ArrayBuffer.isView(value)) return { type, info: `${value.byteLength} bytes` };
  if (typeof value === "function") return { type, info: `${value.length} parameters` };
  const text = inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: MAX_INFO });
  return { type, info: text.length > MAX_INFO ? `${text.slice(0, MAX_INFO)}…` : text };
}

/** The class of an object, else what `typeof` says. Runs no code of the value's. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "function")
    return /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "function";
  if (typeof value !== "object") return typeof value;
  const prototype: unknown = Object.getPrototypeOf(value);
  const maker: unknown = prototype === null ? null : Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof maker === "function" && maker.name !== "" ? maker.name : "Object";
}
