import { createHash } from "node:crypto";
import type { JsonObject, JsonValue } from "@opsbook/notebook";

/** Texts this short would blot out half of every output. */
const SHORTEST = 4;
/** Each secret costs time in every piece of output; more are not believed. */
const MOST = 10_000;
const NAME_LENGTH = 60;

/** MIME types whose data is no text. */
const isBinary = (mime: string): boolean => /^(image\/(?!svg)|audio\/|video\/|font\/|application\/pdf)/.test(mime);

/** A beginning of a secret, told without the secret: two bytes of its hash, and how many characters of it. */
export type HeldReference = [hash: string, length: number];

/** The secrets of a session, in memory only, and their removal from whatever is stored or sent. */
export class Redactor {
  /** Each way a secret may be written, to what stands in its place. */
  readonly #forms = new Map<string, string>();
  #pattern: RegExp | null = null;
  #longest = 0;

  /** False for a text that is too short to be taken out without harm. */
  register(name: string, value: string): boolean {
    if (value.length < SHORTEST || this.#forms.size >= MOST) return false;
    const label = name.replace(/[^\p{L}\p{N} ._@:/-]/gu, "").slice(0, NAME_LENGTH) || "…";
    for (const form of formsOf(value)) {
      if (form.length < SHORTEST || this.#forms.has(form)) continue;
      this.#forms.set(form, `Secret(${label})`);
      this.#longest = Math.max(this.#longest, form.length);
    }
    this.#pattern = null;
    return true;
  }

  text(text: string): string {
    const pattern = this.#all();
    return pattern ? text.replace(pattern, (form) => this.#forms.get(form) ?? form) : text;
  }

  /** The same value where there is nothing to take out. */
  json<T extends JsonValue>(value: T): T {
    // What comes back has the shape of what went in: only characters of strings change.
    return (this.#forms.size === 0 ? value : this.#scrub(value)) as T;
  }

  bundle(data: JsonObject): JsonObject {
    if (this.#forms.size === 0) return data;
    return Object.fromEntries(
      Object.entries(data).map(([mime, value]) => [mime, isBinary(mime) ? value : this.#scrub(value)]),
    );
  }

  /** What of a stream's text can go out, and its end that may be the beginning of a secret. */
  split(text: string): { out: string; held: string } {
    const pattern = this.#all();
    if (!pattern) return { out: text, held: "" };
    let out = "";
    for (let from = 0; ; ) {
      const hold = this.#beginning(text, from);
      pattern.lastIndex = from;
      const match = pattern.exec(text);
      if (!match || match.index >= hold) return { out: out + text.slice(from, hold), held: text.slice(hold) };
      out += text.slice(from, match.index) + this.#forms.get(match[0]);
      from = match.index + match[0].length;
    }
  }

  /** How a held text may be written to disk. */
  reference(held: string): HeldReference | null {
    for (const form of this.#forms.keys()) if (form.startsWith(held)) return [hashOf(form), held.length];
    return null;
  }

  /** The held text again, once its secret is known again. */
  resolve([hash, length]: HeldReference): string {
    for (const form of this.#forms.keys())
      if (form.length > length && hashOf(form) === hash) return form.slice(0, length);
    return "";
  }

  /** Where in `text` its longest end begins that a secret begins with; its length where there is none. */
  #beginning(text: string, from: number): number {
    const first = Math.max(from, text.length - this.#longest + 1);
    let found = text.length;
    for (const form of this.#forms.keys()) {
      const start = Math.max(first, text.length - form.length + 1);
      for (let at = text.indexOf(form[0]!, start); at >= 0 && at < found; at = text.indexOf(form[0]!, at + 1))
        if (form.startsWith(text.slice(at))) found = at;
    }
    return found;
  }

  #all(): RegExp | null {
    if (this.#forms.size === 0) return null;
    if (!this.#pattern) {
      // The longest first: one secret may begin with another.
      const forms = [...this.#forms.keys()].sort((a, b) => b.length - a.length);
      this.#pattern = new RegExp(forms.map(escaped).join("|"), "g");
    }
    return this.#pattern;
  }

  #scrub(value: JsonValue): JsonValue {
    if (typeof value === "string") return this.text(value);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => this.#scrub(item));
    const entries = Object.entries(value).map(([key, item]): [string, JsonValue] => [
      this.text(key),
      this.#scrub(item),
    ]);
    return Object.fromEntries(entries);
  }
}

/** As it is, in JSON, in base64 and in a URL. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const inJson = JSON.stringify(secret).slice(1, -1);
  const forms = [secret, inJson, bytes.toString("base64").replace(/=+$/, ""), bytes.toString("base64url")];
  if (secret.isWellFormed()) forms.push(encodeURIComponent(secret));
  return forms;
}

const escaped = (form: string): string => form.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

const hashOf = (form: string): string => createHash("sha256").update(form).digest("hex").slice(0, 4);
