import type { JsonObject } from "@opsbook/jupyter/codec";
import { codePoints } from "../transform/code-points.ts";
import { type CellNames, plainName, shadowName } from "../transform/names.ts";
import type { Evaluator } from "./evaluator.ts";

const MAX_MATCHES = 2000;
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
/** A chain of names and literal keys before the cursor, and the beginning of the next name. */
const CHAIN =
  /((?:[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\[(?:\d+|"[^"\\\n]*"|'[^'\\\n]*')\])*\s*(?:\?\.|\.)\s*)*)([\p{ID_Start}$_][\p{ID_Continue}$]*)?$/u;
/** Behind a dot whose left side has no value that can be looked at. */
const UNKNOWN_MEMBER = /(?<!\.\.)\.\s*[\p{ID_Continue}$]*$/u;
const LITERAL_BEFORE_DOT = /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\[\s*\])\.([\p{ID_Continue}$]*)$/u;

const KEYWORDS = (
  "async await break case catch class const continue default delete do else enum export extends false finally for " +
  "function if import in instanceof interface let new null return static super switch this throw true try type typeof " +
  "undefined using var void while yield"
).split(" ");

/** Completions from live values: names of the session, and properties along a chain of names. */
export class Completer {
  readonly #evaluator: Evaluator;
  readonly #names: CellNames;

  constructor(evaluator: Evaluator, names: CellNames) {
    this.#evaluator = evaluator;
    this.#names = names;
  }

  /** `cursor` in UTF-16 units. */
  complete(code: string, cursor: number): JsonObject {
    const before = code.slice(0, cursor);
    const literal = LITERAL_BEFORE_DOT.exec(before);
    const match = CHAIN.exec(before);
    const chain = literal?.[1] ?? match?.[1]?.replace(/\s*\??\.\s*$/, "") ?? "";
    const prefix = literal?.[2] ?? match?.[2] ?? "";
    const member = literal !== null || (match?.[1] ?? "") !== "";
    const found = member ? propertyNames(this.value(chain)) : UNKNOWN_MEMBER.test(before) ? [] : this.#globals();
    const matches = [...new Set(found)].filter((name) => name.startsWith(prefix) && IDENTIFIER.test(name));
    return {
      status: "ok",
      matches: matches.slice(0, MAX_MATCHES),
      cursor_start: codePoints(code, cursor - prefix.length),
      cursor_end: codePoints(code, cursor),
      metadata: {},
    };
  }

  /** The value a chain of names has now; undefined when finding out would run code. */
  value(chain: string): unknown {
    const [first = "", ...rest] = chain.split(/(?=\??\.|\[)/);
    const base = this.#names.shadowed.has(first.trim()) ? shadowName(first.trim()) : first;
    return this.#evaluator.peek([base, ...rest].join(""));
  }

  /** The chain of names that the cursor is in or behind. */
  chainAt(code: string, cursor: number): string {
    const rest = /^[\p{ID_Continue}$]*/u.exec(code.slice(cursor))?.[0] ?? "";
    const text = (code.slice(0, cursor) + rest).replace(/\($/, "");
    const match = CHAIN.exec(text);
    return match ? `${match[1] ?? ""}${match[2] ?? ""}`.replace(/\s*\??\.\s*$/, "") : "";
  }

  #globals(): string[] {
    const properties = Object.getOwnPropertyNames(globalThis).filter((name) => !name.startsWith("__opsbook_"));
    return [...this.#evaluator.lexicalNames(), ...properties.map(plainName), ...KEYWORDS];
  }
}

function propertyNames(value: unknown): string[] {
  const names: string[] = [];
  if (value === undefined || value === null) return names;
  for (let object: unknown = Object(value); object !== null && names.length < MAX_MATCHES; ) {
    names.push(...Object.getOwnPropertyNames(object));
    object = Object.getPrototypeOf(object);
  }
  // A function's own three say nothing, unless they are all there is.
  return names.filter(
    (name) => !["arguments", "caller", "__proto__"].includes(name) && !/^__(define|lookup)[GS]etter__$/.test(name),
  );
}
