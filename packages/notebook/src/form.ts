/**
 * What a file object looked like beyond its meaning: key order, unknown keys, how texts and numbers
 * were spelled. Only deviations from Jupyter's own writing are kept, so most objects have no form.
 * Every entry is a hint: it applies only while the value it describes is unchanged.
 */
import { objectFrom, orderedKeys, taggedNumber } from "./json-tags.ts";
import type { FileForm, JsonObject, JsonValue } from "./model.ts";
import { joinLines, normalizeNewlines, splitLines } from "./text.ts";

/** How one text was written where Jupyter would write it otherwise: the other style, or these very pieces. */
type Spelling = "string" | "list" | { exact: JsonValue };

export interface TextRule {
  /** Jupyter writes this text as a list of lines. */
  list: boolean;
  /** From the joined text of the file to the model's. */
  toModel?: (joined: string) => string;
}

export const SOURCE_RULE: TextRule = { list: true, toModel: normalizeNewlines };

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Collects the form of one file object while it is read. */
export class FormBuilder {
  readonly #form: FileForm = {};

  /** Key order (where not alphabetical) and the keys outside the model. */
  constructor(object: JsonObject, known: readonly string[]) {
    const keys = orderedKeys(object);
    if (keys.some((key, at) => at > 0 && key < (keys[at - 1] ?? ""))) this.#form.keys = keys;
    const unknown = keys.filter((key) => !known.includes(key));
    if (unknown.length > 0) this.#form.extra = objectFrom(unknown.map((key) => [key, object[key] ?? null]));
  }

  text(field: string, written: JsonValue, rule: TextRule): void {
    const spelling = spellingOf(written, rule);
    if (spelling !== undefined) this.#put("fields", field, spelling);
  }

  exact(field: string, written: JsonValue): void {
    this.#put("fields", field, { exact: written });
  }

  bundle(field: string, spellings: JsonObject): void {
    if (Object.keys(spellings).length > 0) this.#put("bundles", field, spellings);
  }

  /** `{ form }` to spread into the model object, or nothing where Jupyter's writing says it all. */
  done(): { form?: FileForm } {
    return Object.keys(this.#form).length > 0 ? { form: this.#form } : {};
  }

  #put(group: "fields" | "bundles", field: string, value: JsonValue): void {
    const held = this.#form[group];
    if (isObject(held)) held[field] = value;
    else this.#form[group] = { [field]: value };
  }
}

/** How a text that has been joined for the model was written, or `undefined` for Jupyter's own way. */
export function spellingOf(written: JsonValue, { list, toModel }: TextRule): Spelling | undefined {
  const joined = joinLines(written) ?? "";
  if (toModel !== undefined && toModel(joined) !== joined) return { exact: written };
  if (typeof written === "string") return list ? "string" : undefined;
  const lines = splitLines(joined);
  const usual =
    Array.isArray(written) && written.length === lines.length && written.every((line, at) => line === lines[at]);
  if (!usual) return { exact: written };
  return list ? undefined : "list";
}

/** Writes a text as its spelling says, if that still yields this very text. */
export function spellText(text: string, spelling: JsonValue | undefined, { list, toModel }: TextRule): JsonValue {
  const exact = isObject(spelling) ? spelling.exact : undefined;
  const joined = joinLines(exact);
  if (exact !== undefined && joined !== undefined && (toModel?.(joined) ?? joined) === text) return exact;
  const style = exact === undefined ? spelling : typeof exact === "string" ? "string" : "list";
  return style === "list" || (style !== "string" && list) ? splitLines(text) : text;
}

export function spellingIn(
  form: FileForm | undefined,
  group: "fields" | "bundles",
  field: string,
): JsonValue | undefined {
  const held = form?.[group];
  return isObject(held) && Object.hasOwn(held, field) ? held[field] : undefined;
}

/** The number as the file spelled it, if the model still holds that number. */
export function spellCount(count: number | null, spelling: JsonValue | undefined): JsonValue {
  const exact = isObject(spelling) ? spelling.exact : undefined;
  return exact !== undefined && count !== null && Number(taggedNumber(exact)) === count ? exact : count;
}

/** Lays out one file object: known fields and kept unknown ones, in the file's order or Jupyter's (alphabetical). */
export function layOut(fields: JsonObject, form: FileForm | undefined): JsonObject {
  const all = new Map<string, JsonValue>();
  const extra = form?.extra;
  if (isObject(extra)) for (const key of orderedKeys(extra)) all.set(key, extra[key] ?? null);
  for (const [key, value] of Object.entries(fields)) all.set(key, value);
  const order = new Set<string>();
  if (Array.isArray(form?.keys))
    for (const key of form.keys) if (typeof key === "string" && all.has(key)) order.add(key);
  for (const key of [...all.keys()].sort()) order.add(key);
  return objectFrom([...order].map((key) => [key, all.get(key) ?? null]));
}
