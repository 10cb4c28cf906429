import { z } from "zod";
import type { JsonObject, JsonValue } from "../model.ts";

/**
 * A form that running code shows, as plain data: a subset of JSON Schema (2020-12) for its fields, and how it is laid
 * out. It is a claim of code in a kernel, so everything has a limit and nothing in it is run (no `pattern`).
 */

/** MIME type of the line that stays of an answered form: `{ question, answer, by }`, all texts. */
export const ANSWER_TYPE = "application/vnd.opsbook.answer+json";

const LIMITS = { fields: 50, options: 1000, columns: 50, line: 2000, text: 65_536 } as const;

const line = z.string().max(LIMITS.line);
const scalar = z.union([line, z.number(), z.boolean()]);
const count = z.int().min(0);

const fieldSchema = z.object({
  /** An array is a choice of several of `enum`. */
  type: z.enum(["string", "number", "integer", "boolean", "array"]),
  title: line.optional(),
  description: line.optional(),
  enum: z
    .array(z.union([line, z.number()]))
    .min(1)
    .max(LIMITS.options)
    .optional(),
  default: z.union([scalar, z.array(scalar).max(LIMITS.options)]).optional(),
  /** What is typed is hidden, and stored nowhere. */
  secret: z.boolean().optional(),
  multiline: z.boolean().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: count.optional(),
  maxLength: count.optional(),
  minItems: count.optional(),
});
export type FormField = z.output<typeof fieldSchema>;

// Names that would reach a prototype are no names of fields.
const fieldName = z
  .string()
  .regex(/^[\p{L}_$][\p{L}\p{N} _$.-]{0,99}$/u, "a field's name begins with a letter")
  .refine((name) => !(name in Object.prototype), "this name cannot be a field's");

const cell = z.string().max(LIMITS.line);

export const formSchema = z
  .object({
    kind: z.enum(["button", "confirm", "choose", "text", "form", "table"]),
    /** The word on the button that sends it. */
    submit: line.optional(),
    properties: z.record(fieldName, fieldSchema),
    required: z.array(z.string()).max(LIMITS.fields).optional(),
    /** Of a `table`: what each number in the `enum` of its field stands for. */
    columns: z.array(cell).max(LIMITS.columns).optional(),
    rows: z.array(z.array(cell).max(LIMITS.columns)).max(LIMITS.options).optional(),
  })
  .refine(({ properties }) => Object.keys(properties).length <= LIMITS.fields, "a form has at most 50 fields");
export type Form = z.output<typeof formSchema>;

export interface FieldError {
  field: string;
  message: string;
}

/** What a form's fields may not hold; empty where the answer can be sent. Unknown fields are faults too. */
export function answerErrors(form: Form, answer: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of Object.keys(answer))
    if (!Object.hasOwn(form.properties, field)) errors.push({ field, message: "The form does not ask for this." });
  for (const [name, field] of Object.entries(form.properties)) {
    const value = Object.hasOwn(answer, name) ? answer[name] : undefined;
    const message = value === undefined || value === "" ? missing(form, name, field) : fieldError(field, value);
    if (message !== null) errors.push({ field: name, message });
  }
  return errors;
}

const missing = (form: Form, name: string, { type }: FormField): string | null =>
  form.required?.includes(name) && type !== "boolean" ? "Please fill this in." : null;

function fieldError(field: FormField, value: JsonValue): string | null {
  switch (field.type) {
    case "boolean":
      return typeof value === "boolean" ? null : "Yes or no.";
    case "number":
    case "integer":
      return numberError(field, value);
    case "string":
      return textError(field, value);
    case "array":
      return listError(field, value);
  }
}

function numberError({ type, minimum, maximum, enum: options }: FormField, value: JsonValue): string | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return "A number is needed.";
  if (type === "integer" && !Number.isInteger(value)) return "A whole number is needed.";
  if (minimum !== undefined && value < minimum) return `At least ${minimum}.`;
  if (maximum !== undefined && value > maximum) return `At most ${maximum}.`;
  return options && !options.includes(value) ? "Choose one of the options." : null;
}

function textError({ minLength = 0, maxLength = LIMITS.text, enum: options }: FormField, value: JsonValue) {
  if (typeof value !== "string") return "A text is needed.";
  if (value.length < minLength) return `At least ${minLength} characters.`;
  if (value.length > Math.min(maxLength, LIMITS.text)) return `At most ${Math.min(maxLength, LIMITS.text)} characters.`;
  return options && !options.includes(value) ? "Choose one of the options." : null;
}

function listError({ minItems = 0, enum: options = [] }: FormField, value: JsonValue): string | null {
  if (!Array.isArray(value)) return "A list is needed.";
  if (value.some((item) => (typeof item !== "string" && typeof item !== "number") || !options.includes(item)))
    return "Choose from the options.";
  if (new Set(value).size < value.length) return "Choose each option once.";
  return value.length < minItems ? `Choose at least ${minItems}.` : null;
}

/** Characters of the text that stays of an answered form. */
const MAX_SUMMARY = 500;

/** The answer in a few words. Secret fields are told as given, never what they hold. */
export function answerSummary(form: Form, answer: JsonObject): string {
  const parts = Object.entries(form.properties).flatMap(([name, field]) => {
    if (!Object.hasOwn(answer, name) || answer[name] === "") return [];
    const text = field.secret ? "••••" : valueText(form, answer[name]!);
    return [form.kind === "form" ? `${field.title ?? name}: ${text}` : text];
  });
  const text = form.kind === "button" ? (form.submit ?? "OK") : parts.join(" · ");
  return text.length > MAX_SUMMARY ? `${text.slice(0, MAX_SUMMARY)}…` : text;
}

function valueText(form: Form, value: JsonValue): string {
  if (typeof value === "boolean") return value ? "Yes" : "No";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map((item) => valueText(form, item)).join(", ");
  if (form.kind === "table" && typeof value === "number") return form.rows?.[value]?.[0] ?? String(value);
  return String(value);
}
