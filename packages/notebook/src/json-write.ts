/** Writes tagged data (`json-tags.ts`) as JSON text in the layout of the file it came from. */
import { MAX_DEPTH } from "./json-read.ts";
import { orderedKeys, spell, taggedNumber, untagKey } from "./json-tags.ts";
import type { JsonObject, JsonValue } from "./model.ts";

/** The outer look of a JSON file. */
export interface JsonLayout {
  /** White space of one level; `null` writes everything on one line. */
  indent: string | null;
  /** Text between items when `indent` is `null`; otherwise always `,`. */
  comma: string;
  colon: string;
  eol: string;
  /** Byte order mark, if any. */
  head: string;
  /** White space after the value. */
  tail: string;
  /** Every character outside ASCII as an escape. */
  ascii: boolean;
}

/** Jupyter's own: one space a level, characters as they are, newline at the end. */
export const JUPYTER_LAYOUT: JsonLayout = {
  indent: " ",
  comma: ",",
  colon: ": ",
  eol: "\n",
  head: "",
  tail: "\n",
  ascii: false,
};

// An escape that plain writing would not have made, not preceded by an odd backslash.
const ASCII_ESCAPE = /(?<!\\)(?:\\\\)*\\u(?:00[89a-fA-F]|0[1-9a-fA-F]|[1-9a-cA-CeEfF]|[dD][0-7])/;

/** Reads off the layout of a file that parsed; `end` and `comma` come from the reader. */
export function detectLayout(text: string, { end, comma }: { end: number; comma: string }): JsonLayout {
  const opening = /^\ufeff?[ \t\r\n]*[{[](\r?\n)?([ \t]*)(?:"(?:[^"\\]|\\.)*"([ \t]*:[ \t]*))?/.exec(text);
  const eol = opening?.[1];
  return {
    indent: eol === undefined ? null : (opening?.[2] ?? ""),
    comma: comma === "" ? "," : comma,
    colon: opening?.[3] ?? ": ",
    eol: eol ?? "\n",
    head: text.startsWith("\ufeff") ? "\ufeff" : "",
    tail: text.slice(end),
    ascii: ASCII_ESCAPE.test(text) && !/[^\0-\x7f]/.test(text),
  };
}

/** @throws RangeError where the value nests deeper than a reader would take back. */
export function writeJson(value: JsonValue, layout: JsonLayout): string {
  const { indent, eol, ascii } = layout;
  const quote = (text: string) => (ascii ? JSON.stringify(text).replace(/[^ -~]/g, escapeUnit) : JSON.stringify(text));
  const join = (items: string[], [open, close]: [string, string], depth: number): string => {
    if (items.length === 0) return open + close;
    if (indent === null) return open + items.join(layout.comma) + close;
    const inner = eol + indent.repeat(depth + 1);
    return `${open}${inner}${items.join(`,${inner}`)}${eol}${indent.repeat(depth)}${close}`;
  };
  const write = (item: JsonValue, depth: number): string => {
    if (depth > MAX_DEPTH) throw new RangeError(`JSON nested deeper than ${MAX_DEPTH} levels cannot be written`);
    if (item === null || typeof item === "boolean") return String(item);
    if (typeof item === "number") return spell(item);
    if (typeof item === "string") return quote(item);
    if (Array.isArray(item)) {
      return join(
        item.map((each) => write(each, depth + 1)),
        ["[", "]"],
        depth,
      );
    }
    return taggedNumber(item) ?? join(members(item, depth), ["{", "}"], depth);
  };
  const members = (object: JsonObject, depth: number): string[] => {
    const lines: string[] = [];
    for (const key of orderedKeys(object)) {
      const item = object[key];
      // An optional field set to undefined is absent, as JSON.stringify has it.
      if (item !== undefined) lines.push(quote(untagKey(key)) + layout.colon + write(item, depth + 1));
    }
    return lines;
  };
  return layout.head + write(value, 0) + layout.tail;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
