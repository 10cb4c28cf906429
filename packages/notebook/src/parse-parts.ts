/** What readers of notebooks, cells and outputs share: faults, warnings, common fields. */
import { type FormBuilder, isObject, spellingOf } from "./form.ts";
import type { JsonFailureCode } from "./json-read.ts";
import { orderedKeys, taggedNumber, untagKey } from "./json-tags.ts";
import type { JsonObject, JsonValue } from "./model.ts";
import { isJsonMime, isLineMime, joinLines } from "./text.ts";

export type ParseWarningCode = "upgraded" | "newer-minor" | "missing" | "cell-id" | "repaired" | "unknown-key";
export interface ParseWarning {
  code: ParseWarningCode;
  message: string;
  /** JSONPath of the place, such as `$.cells[3].id`. */
  path: string;
}

export type ParseFailureCode =
  | JsonFailureCode
  | "empty"
  | "merge-conflict"
  | "unsupported-version"
  | "invalid-notebook";
/** Beyond this many, further warnings of a file are counted, not kept. */
const MAX_WARNINGS = 100;
/** A fault that makes the file no notebook. Stays inside this package: `parseNotebook` answers with a result. */
export class InvalidNotebook extends Error {
  readonly path: string;
  readonly code: ParseFailureCode;
  constructor(path: string, message: string, code: ParseFailureCode = "invalid-notebook") {
    super(message);
    this.path = path;
    this.code = code;
  }
}

/** Collects warnings while a file is read. */
export class Warnings {
  readonly list: ParseWarning[] = [];
  #more = 0;

  add(code: ParseWarningCode, path: string, message: string): void {
    if (this.list.length < MAX_WARNINGS) this.list.push({ code, message, path });
    else this.#more += 1;
  }

  all(): ParseWarning[] {
    if (this.#more === 0) return this.list;
    return [...this.list, { code: "repaired", path: "$", message: `${this.#more} more warnings are not listed` }];
  }
}

/** Joins the texts of a MIME bundle in place; answers how they were written where that was unusual. */
export function readBundle(value: JsonValue | undefined, path: string): JsonObject {
  const bundle = asObject(value, path);
  const spellings: JsonObject = {};
  for (const mime of orderedKeys(bundle)) {
    const written = bundle[mime];
    const joined = joinLines(written);
    if (isJsonMime(mime) || written === undefined || joined === undefined) continue;
    const spelling = spellingOf(written, { list: isLineMime(mime) });
    if (spelling !== undefined) spellings[mime] = spelling;
    bundle[mime] = joined;
  }
  return spellings;
}

/** An execution count; anything but a whole number from 0 becomes `null` with a warning. */
export function readCount(
  value: JsonValue | undefined,
  path: string,
  { form, warnings }: { form: FormBuilder; warnings: Warnings },
): number | null {
  const count = wholeNumber(value);
  if (count !== undefined && count >= 0) {
    if (typeof value === "object" && value !== null) form.exact("execution_count", value);
    return count;
  }
  if (value === undefined) warnings.add("missing", path, "taken as null");
  else if (value !== null) warnings.add("repaired", path, "was no whole number from 0, taken as null");
  return null;
}

export function readMetadata(object: JsonObject, path: string, warnings: Warnings): JsonObject {
  if (object.metadata !== undefined) return asObject(object.metadata, `${path}.metadata`);
  warnings.add("missing", `${path}.metadata`, "taken as empty");
  return {};
}

export function asObject(value: JsonValue | undefined, path: string): JsonObject {
  if (!isObject(value) || taggedNumber(value) !== undefined) throw new InvalidNotebook(path, "must be a JSON object");
  return value;
}

export function warnUnknown(
  object: JsonObject,
  { known, path, warnings }: { known: readonly string[]; path: string; warnings: Warnings },
): void {
  for (const key of orderedKeys(object)) {
    if (known.includes(key)) continue;
    warnings.add(
      "unknown-key",
      path,
      `the key ${JSON.stringify(untagKey(key))} is not part of nbformat 4.5; it is kept`,
    );
  }
}

export function wholeNumber(value: JsonValue | undefined): number | undefined {
  const number = typeof value === "number" ? value : Number(taggedNumber(value) ?? "NaN");
  return Number.isSafeInteger(number) ? number : undefined;
}
