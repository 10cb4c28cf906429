/**
 * A JSON reader that keeps what `JSON.parse` loses: numbers as written, key order, `__proto__` keys,
 * Python's `NaN` and `Infinity`. It yields plain data in the tagged form of `json-tags.ts`.
 * Source: RFC 8259; Python's json module for the three names JSON has not.
 */
import { objectFrom, tagKey, tagNumber } from "./json-tags.ts";
import type { JsonValue } from "./model.ts";

/** Deepest nesting read or written. Python's own json module gives up near 1,000. */
export const MAX_DEPTH = 900;

export type JsonFailureCode = "not-json" | "too-deep";
export type JsonResult =
  | { ok: true; value: JsonValue; end: number; comma: string }
  | { ok: false; code: JsonFailureCode; message: string; line: number; column: number };

const SPACE = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORDS: [string, JsonValue][] = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["NaN", { $number: "NaN" }],
  ["Infinity", { $number: "Infinity" }],
  ["-Infinity", { $number: "-Infinity" }],
];

class Refused extends Error {
  readonly code: JsonFailureCode;
  readonly at: number;
  constructor(code: JsonFailureCode, message: string, at: number) {
    super(message);
    this.code = code;
    this.at = at;
  }
}

/** Reads one JSON document. `end` is the offset after the value, `comma` the first separator as written. Lines and columns count from 1. */
export function readJson(text: string): JsonResult {
  try {
    const reader = new Reader(text);
    return { ok: true, value: reader.document(), end: reader.end, comma: reader.comma };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const before = text.slice(0, error.at);
    const lineStart = before.lastIndexOf("\n") + 1;
    const line = before.split("\n").length;
    return { ok: false, code: error.code, message: error.message, line, column: error.at - lineStart + 1 };
  }
}

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  end = 0;
  comma = "";

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    if (this.#text.charCodeAt(0) === 0xfeff) this.#at = 1;
    this.#space();
    const value = this.#value();
    this.end = this.#at;
    this.#space();
    if (this.#at < this.#text.length) this.#refuse("expected the end of the file");
    return value;
  }

  #value(): JsonValue {
    const char = this.#text[this.#at];
    if (char === '"') return this.#string();
    if (char === "{") return this.#nested(() => this.#object());
    if (char === "[") return this.#nested(() => this.#array());
    for (const [word, value] of WORDS) {
      if (word[0] !== char || !this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return typeof value === "object" && value !== null ? { ...value } : value;
    }
    NUMBER.lastIndex = this.#at;
    const number = NUMBER.exec(this.#text)?.[0];
    if (number === undefined) this.#refuse("expected a JSON value");
    this.#at += number.length;
    return tagNumber(number);
  }

  #nested(read: () => JsonValue): JsonValue {
    if (++this.#depth > MAX_DEPTH) throw new Refused("too-deep", `nested deeper than ${MAX_DEPTH} levels`, this.#at);
    this.#at += 1;
    this.#space();
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #object(): JsonValue {
    const entries: [string, JsonValue][] = [];
    if (this.#take("}")) return {};
    for (;;) {
      if (this.#text[this.#at] !== '"') this.#refuse('expected a key in double quotes or "}"');
      const key = tagKey(this.#string());
      this.#space();
      if (!this.#take(":")) this.#refuse('expected ":" after the key');
      this.#space();
      entries.push([key, this.#value()]);
      this.#space();
      if (this.#take("}")) return objectFrom(entries);
      this.#comma('expected "," or "}"');
    }
  }

  #array(): JsonValue {
    const items: JsonValue[] = [];
    if (this.#take("]")) return items;
    for (;;) {
      items.push(this.#value());
      this.#space();
      if (this.#take("]")) return items;
      this.#comma('expected "," or "]"');
    }
  }

  #string(): string {
    const start = this.#at;
    let quote = start;
    do {
      quote = this.#text.indexOf('"', quote + 1);
      if (quote === -1) this.#refuse("this text has no closing quote");
    } while (this.#escaped(quote));
    this.#at = quote + 1;
    try {
      const value: unknown = JSON.parse(this.#text.slice(start, this.#at));
      if (typeof value === "string") return value;
    } catch {
      this.#at = start;
    }
    return this.#refuse("this text holds a bare control character or a wrong escape");
  }

  #escaped(quote: number): boolean {
    let first = quote;
    while (this.#text.charCodeAt(first - 1) === 0x5c) first -= 1;
    return (quote - first) % 2 === 1;
  }

  #comma(expected: string): void {
    const start = this.#at;
    if (!this.#take(",")) this.#refuse(expected);
    this.#space();
    if (this.comma === "") this.comma = this.#text.slice(start, this.#at);
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at += 1;
    return true;
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)?.[0].length ?? 0;
  }

  #refuse(expected: string): never {
    const found =
      this.#at >= this.#text.length ? "the file ends here" : `found ${JSON.stringify(this.#text[this.#at])}`;
    throw new Refused("not-json", `${expected}, ${found}`, this.#at);
  }
}
