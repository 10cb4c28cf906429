import type { JsonValue } from "@opsbook/jupyter/codec";

/** A question to the person as data; packages/notebook has the schema it must fit. */
export interface Question {
  text: string;
  form: Form;
  /** Parameters of a run answer by this name. */
  name: string | undefined;
}

export interface Form {
  kind: "button" | "confirm" | "choose" | "text" | "form" | "table";
  submit?: string | undefined;
  properties: Readonly<Record<string, Field>>;
  required?: readonly string[] | undefined;
  columns?: readonly string[];
  rows?: readonly (readonly string[])[];
}

/** A subset of JSON Schema. An array is a choice of several of `enum`. */
export interface Field {
  readonly type: "string" | "number" | "integer" | "boolean" | "array";
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly enum?: readonly (string | number)[] | undefined;
  readonly default?: string | number | boolean | readonly (string | number)[] | undefined;
  /** What is typed is hidden, stored nowhere, and scrubbed from outputs. */
  readonly secret?: boolean | undefined;
  readonly multiline?: boolean | undefined;
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly minLength?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly minItems?: number | undefined;
}

export type Answer = Record<string, JsonValue>;

/** A text as a value of the field, as far as it can be one: from a command line or a plain prompt. */
export function coerce(field: Field, value: JsonValue): JsonValue {
  if (field.type === "array") {
    const items = typeof value === "string" ? value.split(",").map((item) => item.trim()) : value;
    return Array.isArray(items) ? items.filter((item) => item !== "").map((item) => option(field, item)) : items;
  }
  if (typeof value !== "string") return value;
  const text = value.trim();
  if (field.type === "boolean")
    return /^(y|yes|true|1)$/i.test(text) ? true : /^(n|no|false|0)$/i.test(text) ? false : value;
  if (field.type === "string") return field.enum ? option(field, value) : value;
  return text !== "" && Number.isFinite(Number(text)) ? Number(text) : value;
}

const option = (field: Field, value: JsonValue): JsonValue =>
  field.enum?.find((one) => one === value || String(one) === String(value)) ?? value;

/** What is wrong with a value, or null. */
export function fault(field: Field, value: JsonValue): string | null {
  const among = (one: JsonValue): boolean => !field.enum || field.enum.some((known) => known === one);
  const choices = `choose from ${(field.enum ?? []).slice(0, 20).join(", ")}`;
  switch (field.type) {
    case "boolean":
      return typeof value === "boolean" ? null : "answer yes or no";
    case "number":
    case "integer":
      if (typeof value !== "number" || !Number.isFinite(value)) return "a number is needed";
      if (field.type === "integer" && !Number.isInteger(value)) return "a whole number is needed";
      if (value < (field.minimum ?? value)) return `at least ${field.minimum}`;
      if (value > (field.maximum ?? value)) return `at most ${field.maximum}`;
      return among(value) ? null : choices;
    case "string":
      if (typeof value !== "string") return "a text is needed";
      if (value.length < (field.minLength ?? 0)) return `at least ${field.minLength} characters`;
      if (value.length > (field.maxLength ?? value.length)) return `at most ${field.maxLength} characters`;
      return among(value) ? null : choices;
    case "array":
      if (!Array.isArray(value) || !value.every(among)) return choices;
      return value.length < (field.minItems ?? 0) ? `choose at least ${field.minItems}` : null;
  }
}

/** The fields with what is missing taken from their defaults, and the first that does not fit. */
export function complete(
  form: Form,
  given: Answer,
): { answer: Answer; problem: { field: string; why: string } | null } {
  const answer: Answer = {};
  let problem: { field: string; why: string } | null = null;
  for (const [name, field] of Object.entries(form.properties)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    const filled = value === undefined || (value === "" && field.type !== "string") ? defaultOf(field) : value;
    const isEmpty = filled === undefined || filled === "";
    if (filled !== undefined) answer[name] = filled;
    const needed = form.required?.includes(name) === true;
    const why = isEmpty ? (needed ? "a value is needed" : null) : fault(field, filled);
    if (why !== null) problem ??= { field: name, why };
  }
  return { answer, problem };
}

const defaultOf = ({ default: value }: Field): JsonValue | undefined =>
  typeof value === "object" ? [...value] : value;
