import { inspect } from "node:util";
import type { Display } from "../display/display.ts";
import { KernelError } from "../error.ts";
import type { Field, Question } from "./form.ts";
import { Progress } from "./progress.ts";
import { type QuestionParts, Questions } from "./questions.ts";
import { plansOf, type Reviewable, type Reviewed, reviewed } from "./review.ts";

export interface AskOptions {
  /** A run's parameter of this name answers instead of a person. */
  name?: string;
  /** A line of explanation. */
  description?: string;
}

export interface ChooseOptions<T> extends AskOptions {
  title?: string;
  /** What a person sees of an option. */
  label?: (option: T) => string;
  default?: T;
}

export interface TextOptions extends AskOptions {
  default?: string;
  /** Hidden while it is typed, stored nowhere, scrubbed from outputs. */
  secret?: boolean;
  multiline?: boolean;
  /** An empty answer is one, unless this is true. */
  required?: boolean;
}

/** A subset of JSON Schema: an object whose fields are texts, numbers, booleans or lists of choices. */
export interface FormSchema {
  readonly type?: "object";
  readonly title?: string;
  readonly description?: string;
  readonly properties: Readonly<Record<string, Field>>;
  readonly required?: readonly string[];
}

type FieldValue<F> = F extends { readonly type: "array"; readonly enum: readonly (infer E)[] }
  ? E[]
  : F extends { readonly enum: readonly (infer E)[] }
    ? E
    : F extends { readonly type: "boolean" }
      ? boolean
      : F extends { readonly type: "number" | "integer" }
        ? number
        : string;
type Always<S extends FormSchema> = {
  [K in keyof S["properties"]]: S["properties"][K] extends { readonly default: unknown }
    ? K
    : S["required"] extends readonly (infer R)[]
      ? K extends R
        ? K
        : never
      : never;
}[keyof S["properties"]];
/** What a form resolves with. Fields that are neither required nor have a default may be missing. */
export type FormValues<S extends FormSchema> = {
  -readonly [K in Always<S>]: FieldValue<S["properties"][K]>;
} & { -readonly [K in Exclude<keyof S["properties"], Always<S>>]?: FieldValue<S["properties"][K]> };

export interface ProgressOptions {
  label?: string;
  /** Units in all, where that is known. */
  total?: number;
}

const TYPES: readonly string[] = ["string", "number", "integer", "boolean", "array"] satisfies Field["type"][];
const MAX_OPTIONS = 1000;

/** `ui` of the cells. */
export function createUi(parts: QuestionParts & { display: Display }) {
  const questions = new Questions(parts);
  const value = async (question: Question): Promise<unknown> => (await questions.ask(question)).value;

  /** Waits until somebody presses it. */
  async function button(label: string, options: AskOptions = {}): Promise<void> {
    await questions.ask({ text: label, name: options.name, form: { kind: "button", submit: label, properties: {} } });
  }

  async function confirm(question: string, options: AskOptions & { default?: boolean } = {}): Promise<boolean> {
    const { name, description, default: preset } = options;
    const properties = { value: { type: "boolean", description, default: preset } as const };
    return (await value({ text: question, name, form: { kind: "confirm", properties } })) === true;
  }

  /**
   * Shows plans and waits until somebody agrees; without a person a parameter of the run does.
   *
   * @throws KernelError `not-approved` when the answer is no.
   */
  async function review<Applied>(
    plans: Reviewable<Applied> | Iterable<Reviewable<Applied>>,
    options: AskOptions = {},
  ): Promise<Reviewed<Applied>> {
    const list = plansOf(plans);
    for (const plan of list) parts.display(plan);
    const what = list.length === 1 ? "this plan" : `these ${list.length} plans`;
    const agreed = list.length === 0 || (await confirm(`Apply ${what}?`, options));
    if (!agreed) throw new KernelError("not-approved", `Nobody agreed to ${what}; nothing was changed.`);
    return reviewed(list);
  }

  function choose<T>(choices: Choices<T>, options: ChooseOptions<T> & { many: true }): Promise<T[]>;
  function choose<T>(choices: Choices<T>, options?: ChooseOptions<T> & { many?: false }): Promise<T>;
  async function choose<T>(choices: Choices<T>, options: ChooseOptions<T> & { many?: boolean } = {}): Promise<T | T[]> {
    const { name, description, title = name ?? "Choose", many = false } = options;
    const list = labelled(choices, options.label);
    if (list.size === 0) throw new TypeError("ui.choose needs at least one option.");
    if (list.size > MAX_OPTIONS)
      throw new RangeError(`ui.choose takes at most ${MAX_OPTIONS} options; filter them first.`);
    const preset = [...list].find(([, option]) => "default" in options && option === options.default)?.[0];
    const field: Field = many
      ? { type: "array", enum: [...list.keys()], description, default: preset === undefined ? undefined : [preset] }
      : { type: "string", enum: [...list.keys()], description, default: preset };
    const required = many ? undefined : ["value"];
    const answer = await value({ text: title, name, form: { kind: "choose", properties: { value: field }, required } });
    // The answer was checked against the labels.
    if (many) return ((answer ?? []) as string[]).map((label) => list.get(label) as T);
    return list.get(answer as string) as T;
  }

  async function text(question: string, options: TextOptions = {}): Promise<string> {
    const { name, description, default: preset, secret, multiline, required } = options;
    const field: Field = { type: "string", description, default: preset, secret, multiline };
    const form = { kind: "text", properties: { value: field }, required: required ? ["value"] : undefined } as const;
    return String((await value({ text: question, name, form })) ?? "");
  }

  /** @throws TypeError where the schema holds what a form cannot show. */
  async function form<const S extends FormSchema>(
    schema: S,
    options: AskOptions & { title?: string; submit?: string } = {},
  ): Promise<FormValues<S>> {
    checkSchema(schema);
    const { title = schema.title ?? options.name ?? "", submit, name } = options;
    const { properties, required } = schema;
    const answer = await questions.ask({ text: title, name, form: { kind: "form", submit, properties, required } });
    // The questions' promise: the answer fits the fields.
    return answer as FormValues<S>;
  }

  function table<T extends object>(
    rows: readonly T[],
    options: AskOptions & { title?: string; many: true },
  ): Promise<T[]>;
  function table<T extends object>(
    rows: readonly T[],
    options?: AskOptions & { title?: string; many?: false },
  ): Promise<T>;
  async function table<T extends object>(
    rows: readonly T[],
    options: AskOptions & { title?: string; many?: boolean } = {},
  ): Promise<T | T[]> {
    const { name, description, title = name ?? "Choose a row", many = false } = options;
    if (rows.length === 0) throw new TypeError("ui.table needs at least one row.");
    if (rows.length > MAX_OPTIONS)
      throw new RangeError(`ui.table takes at most ${MAX_OPTIONS} rows; filter them first.`);
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, 50);
    const field: Field = { type: many ? "array" : "integer", enum: rows.map((_, index) => index), description };
    const answer = await value({
      text: title,
      name,
      form: {
        kind: "table",
        properties: { value: field },
        required: many ? undefined : ["value"],
        columns,
        rows: rows.map((row) => columns.map((column) => brief(Reflect.get(row, column)))),
      },
    });
    return many ? ((answer ?? []) as number[]).map((index) => rows[index] as T) : (rows[answer as number] as T);
  }

  function progress(label: string, options?: ProgressOptions): Progress;
  function progress<T>(items: Iterable<T>, options?: ProgressOptions): Iterable<T>;
  function progress<T>(items: AsyncIterable<T>, options?: ProgressOptions): AsyncIterable<T>;
  function progress<T>(
    what: string | Iterable<T> | AsyncIterable<T>,
    options: ProgressOptions = {},
  ): Progress | Iterable<T> | AsyncIterable<T> {
    const total = options.total ?? sizeOf(what);
    if (typeof what === "string") return new Progress(parts.display, what, total);
    const bar = () => new Progress(parts.display, options.label ?? "", total);
    return Symbol.asyncIterator in what ? overAsync(what, bar) : over(what, bar);
  }

  return Object.freeze({ button, confirm, review, choose, text, form, table, progress });
}

type Choices<T> = readonly T[] | Readonly<Record<string, T>>;

function* over<T>(items: Iterable<T>, open: () => Progress): Generator<T> {
  using bar = open();
  for (const item of items) {
    yield item;
    bar.add();
  }
  bar.finish();
}

async function* overAsync<T>(items: AsyncIterable<T>, open: () => Progress): AsyncGenerator<T> {
  using bar = open();
  for await (const item of items) {
    yield item;
    bar.add();
  }
  bar.finish();
}

function sizeOf(what: unknown): number | null {
  if (typeof what !== "object" || what === null) return null;
  const size: unknown = Array.isArray(what) ? what.length : Reflect.get(what, "size");
  return typeof size === "number" ? size : null;
}

/** Each option under a text of its own. */
function labelled<T>(choices: Choices<T>, label: ((option: T) => string) | undefined): Map<string, T> {
  const entries: [string, T][] = Array.isArray(choices)
    ? choices.map((option: T) => [label ? label(option) : brief(option), option])
    : Object.entries(choices);
  const list = new Map<string, T>();
  for (const [text, option] of entries) {
    let unique = text;
    for (let next = 2; list.has(unique); next++) unique = `${text} (${next})`;
    list.set(unique, option);
  }
  return list;
}

/** What names an option best: itself, its name, or the beginning of what it holds. */
function brief(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value).slice(0, 500);
  for (const key of ["name", "label", "title", "hostname", "id"]) {
    const name: unknown = Reflect.get(value, key);
    if (typeof name === "string" || typeof name === "number") return String(name).slice(0, 500);
  }
  return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY }).slice(0, 500);
}

function checkSchema(schema: unknown): asserts schema is FormSchema {
  const properties = typeof schema === "object" && schema !== null && "properties" in schema && schema.properties;
  if (typeof properties !== "object" || properties === null)
    throw new TypeError('ui.form takes { properties: { host: { type: "string" } } }.');
  for (const [name, field] of Object.entries(properties)) {
    const type: unknown = typeof field === "object" && field !== null ? Reflect.get(field, "type") : undefined;
    if (typeof type !== "string" || !TYPES.includes(type))
      throw new TypeError(`ui.form: the field ${name} needs a type, one of ${TYPES.join(", ")}.`);
    if (type === "array" && !Array.isArray(Reflect.get(field, "enum")))
      throw new TypeError(`ui.form: the field ${name} is a list and needs an enum to choose from.`);
  }
}
