import { inspect } from "node:util";
import type { JsonObject } from "@opsbook/jupyter/codec";
import { COLORS } from "../output/stdio.ts";
import { boundedJson, isPlain } from "./json.ts";
import { tableBundle } from "./table.ts";

export interface MimeBundle {
  data: JsonObject;
  metadata: JsonObject;
}

const DISPLAY = Symbol.for("opsbook.display");

/** Characters of a value's plain text. */
const MAX_TEXT = 100_000;

const INSPECT = { colors: COLORS, depth: 4, maxArrayLength: 200, maxStringLength: 20_000, breakLength: 100 } as const;

/**
 * How a value is shown: as it says itself, else by its shape. A promise where it takes its time to say so. Never throws
 * and never rejects: what cannot be shown says so.
 */
export function shownBundle(value: unknown): MimeBundle | Promise<MimeBundle> {
  try {
    const said = ownBundle(value);
    if (said instanceof Promise) return said.then((bundle) => ownOr(bundle, value)).catch(unshowable);
    return ownOr(said, value);
  } catch (error) {
    return unshowable(error);
  }
}

/** As `shownBundle`, at once: a value that takes its time is shown as text. */
export function bundleOf(value: unknown): MimeBundle {
  const bundle = shownBundle(value);
  return bundle instanceof Promise ? plain(plainText(value)) : bundle;
}

const unshowable = (error: unknown): MimeBundle => plain(`[The value could not be shown: ${reason(error)}]`);

/** Numbers and other single values stay without colour: programs that read a saved notebook compare them. */
export function plainText(value: unknown): string {
  if (typeof value === "string") return clip(inspect(value, { maxStringLength: MAX_TEXT }));
  const compound = (typeof value === "object" && value !== null) || typeof value === "function";
  return clip(inspect(value, compound ? INSPECT : undefined));
}

/** A bundle that code of a cell or a library made, as far as it is JSON. */
export function checkedBundle(bundle: unknown): MimeBundle | null {
  if (typeof bundle !== "object" || bundle === null) return null;
  const wrapped =
    "data" in bundle && typeof bundle.data === "object" && !Object.keys(bundle).some((key) => key.includes("/"));
  const data = jsonObject(wrapped ? bundle.data : bundle);
  if (!data || Object.keys(data).length === 0) return null;
  const metadata = wrapped && "metadata" in bundle ? jsonObject(bundle.metadata) : null;
  return { data, metadata: metadata ?? {} };
}

/** What its method of the symbol gives. */
function ownBundle(value: unknown): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return null;
  const method: unknown = Reflect.get(value, DISPLAY);
  if (typeof method !== "function") return null;
  const said: unknown = Reflect.apply(method, value, []);
  const isThenable = typeof said === "object" && said !== null && "then" in said;
  return isThenable ? Promise.resolve(said) : said;
}

function ownOr(said: unknown, value: unknown): MimeBundle {
  const bundle = checkedBundle(said);
  if (!bundle) return byShape(value);
  return "text/plain" in bundle.data ? bundle : { ...bundle, data: { "text/plain": plainText(value), ...bundle.data } };
}

function byShape(value: unknown): MimeBundle {
  if (typeof value !== "object" || value === null) return plain(plainText(value));
  if (Buffer.isBuffer(value)) return imageBundle(value) ?? plain(plainText(value));
  if (Array.isArray(value)) {
    const text = plainText(value);
    const table = tableBundle(value, text);
    if (table) return table;
    return { data: { "text/plain": text, "application/json": boundedJson(value) }, metadata: {} };
  }
  if (isPlain(value)) {
    return { data: { "text/plain": plainText(value), "application/json": boundedJson(value) }, metadata: {} };
  }
  return plain(plainText(value));
}

function plain(text: string): MimeBundle {
  return { data: { "text/plain": text }, metadata: {} };
}

export function imageBundle(bytes: Uint8Array): MimeBundle | null {
  const type = imageType(bytes);
  if (!type) return null;
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  return { data: { "text/plain": `<${type}, ${bytes.length} bytes>`, [type]: base64 }, metadata: {} };
}

/** By the first bytes: RFC 2083 section 3.1, ITU T.81 annex B.1, GIF89a section 17, RFC 9649 section 2.4. */
function imageType(bytes: Uint8Array): "image/png" | "image/jpeg" | "image/gif" | "image/webp" | null {
  const starts = (...wanted: number[]): boolean => wanted.every((byte, i) => bytes[i] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "image/png";
  if (starts(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "image/gif";
  const isWebp = starts(0x52, 0x49, 0x46, 0x46) && [0x57, 0x45, 0x42, 0x50].every((byte, i) => bytes[i + 8] === byte);
  return isWebp ? "image/webp" : null;
}

/** What JSON makes of an object, null for everything else. */
export function jsonObject(value: unknown): JsonObject | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const text = JSON.stringify(value);
  // What JSON.stringify made of an object is an object, unless its toJSON said otherwise.
  return text?.startsWith("{") ? (JSON.parse(text) as JsonObject) : null;
}

function clip(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… ${text.length - MAX_TEXT} more characters` : text;
}

function reason(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return "unknown";
  }
}
