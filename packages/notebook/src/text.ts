/** Multi-line strings: files hold them as lists of lines, the model as one string. */
import type { JsonValue } from "./model.ts";

// Python's str.splitlines, which Jupyter writes with, cuts at more than newlines.
const AFTER_LINE = /(?<=\r\n|[\n\v\f\x1c-\x1e\x85\u2028\u2029]|\r(?!\n))/;

/** Cuts a text into lines that keep their ends, where Jupyter cuts it; `""` has none. */
export function splitLines(text: string): string[] {
  return text === "" ? [] : text.split(AFTER_LINE);
}

/** Joins a multi-line string of a file; `undefined` where the value is no such string. */
export function joinLines(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  return Array.isArray(value) && value.every((line) => typeof line === "string") ? value.join("") : undefined;
}

/** Cell sources have LF line ends, whoever typed them. */
export function normalizeNewlines(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}

/** `application/json` and its `+json` relatives hold JSON values; every other type holds text. */
export function isJsonMime(mime: string): boolean {
  return mime === "application/json" || (mime.startsWith("application/") && mime.endsWith("+json"));
}

/** MIME types that Jupyter writes as a list of lines. */
export function isLineMime(mime: string): boolean {
  return mime.startsWith("text/") || mime === "application/javascript" || mime === "image/svg+xml";
}
