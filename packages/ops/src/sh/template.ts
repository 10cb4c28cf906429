import { GuardError } from "../core/guard.ts";
import { findSecret, Secret } from "../core/secret.ts";
import { guardArguments } from "./guards.ts";

/** What can stand in a template: one argument. A file entry stands for its path. */
export type Argument = string | number | bigint | URL | { readonly path: string };
export type TemplateValue = Argument | readonly Argument[];

/** Words that mean something to a shell and, without one, would silently become arguments. */
const OPERATORS = new Set(["|", "||", "&&", "&", ";", ">", ">>", "<", "<<", "|&", "2>", "2>&1", "&>", ">&2", "1>&2"]);

type Quote = "none" | "single" | "double";

/**
 * Builds an argument list from a template. Only the template's own text is split into words, with the quotes of a
 * POSIX shell and none of its expansions; a value is never looked into.
 */
export function parseTemplate(strings: TemplateStringsArray, values: readonly unknown[]): [string, ...string[]] {
  const words = new WordBuilder();
  for (const [index, raw] of strings.raw.entries()) {
    words.literal(raw);
    if (index < values.length) words.value(values[index]);
  }
  const [program, ...args] = words.end();
  if (program === undefined) throw new TypeError("an empty command: name a program, for instance sh`uptime`");
  guardArguments([program, ...args]);
  return [program, ...args];
}

class WordBuilder {
  readonly #words: string[] = [];
  #word: string | undefined;
  #quote: Quote = "none";
  /** The word so far is unquoted text of the template, so an operator in it was meant for a shell. */
  #bare = true;
  /** The word holds an array's items and nothing may be attached to it. */
  #closed = false;

  literal(raw: string): void {
    // The language's own escapes: a backtick and `${` cannot be written otherwise.
    const text = raw.replace(/\\(`|\$\{)/g, "$1");
    for (let index = 0; index < text.length; index += 1) {
      index += this.#character(text[index] ?? "", text[index + 1]);
    }
  }

  /** Takes one character and says how many of the following ones it used up. */
  #character(character: string, next: string | undefined): 0 | 1 {
    if (this.#quote === "single") {
      if (character === "'") this.#quote = "none";
      else this.#append(character);
      return 0;
    }
    if (character === "\\" && next !== undefined) {
      if (this.#quote === "double" && !'"\\$`'.includes(next)) this.#append(character);
      else if (next !== "\n") this.#append(next);
      else return 1;
      this.#bare = false;
      return this.#quote === "double" && !'"\\$`'.includes(next) ? 0 : 1;
    }
    if (character === '"') {
      this.#quote = this.#quote === "double" ? "none" : "double";
      this.#open();
    } else if (this.#quote === "double") {
      this.#append(character);
    } else if (character === "'") {
      this.#quote = "single";
      this.#open();
    } else if (/\s/.test(character)) {
      this.#endWord();
    } else {
      const wasBare = this.#bare;
      this.#append(character);
      this.#bare = wasBare;
    }
    return 0;
  }

  value(value: unknown): void {
    if (!Array.isArray(value)) {
      this.#append(toArgument(value));
      return;
    }
    if (this.#word !== undefined || this.#quote !== "none") {
      throw new TypeError("an array stands for several arguments and cannot be part of one; put spaces around it");
    }
    const items: readonly unknown[] = value;
    this.#words.push(...items.map(toArgument));
    this.#closed = true;
  }

  end(): string[] {
    if (this.#quote !== "none") throw new TypeError(`a ${this.#quote} quote is not closed in the command`);
    this.#endWord();
    return this.#words;
  }

  #open(): void {
    if (this.#closed) {
      throw new TypeError("an array stands for several arguments and cannot be part of one; put spaces around it");
    }
    this.#word ??= "";
    this.#bare = false;
  }

  #append(text: string): void {
    this.#open();
    this.#word += text;
  }

  #endWord(): void {
    this.#closed = false;
    const word = this.#word;
    const bare = this.#bare;
    this.#word = undefined;
    this.#bare = true;
    if (word === undefined) return;
    if (bare && OPERATORS.has(word)) {
      throw new GuardError({
        rule: "sh.shell-syntax",
        why: `sh starts no shell, so ${word} would be an argument of the program`,
        instead: `sh.pipe(a, b) for a pipeline, code for the rest, or '${word}' in quotes if the program wants it`,
      });
    }
    this.#words.push(word);
  }
}

/** One argument, exactly. @throws TypeError for what is not a text; GuardError for a secret. */
export function toArgument(value: unknown): string {
  if (value instanceof Secret) throw secretRefused(value.name);
  const text = argumentText(value);
  if (text.includes("\0")) throw new TypeError("an argument cannot contain a NUL character");
  if (!text.isWellFormed()) throw new TypeError("an argument has half a surrogate pair, which no program can receive");
  const secret = findSecret(text);
  if (secret !== undefined) throw secretRefused(secret);
  return text;
}

function argumentText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value;
    case "bigint":
      return String(value);
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`${value} is not a sensible argument`);
      return String(value);
    case "object":
      if (value instanceof URL) return value.href;
      if (value !== null && "path" in value && typeof value.path === "string") return value.path;
      break;
    default:
      break;
  }
  throw new TypeError(
    `${value === null ? "null" : typeof value} cannot be an argument of a command; is a variable unset?`,
  );
}

function secretRefused(name: string): GuardError {
  return new GuardError({
    rule: "sh.secret-in-argv",
    why: `every user of the machine can read the arguments of a program, and Secret(${name}) is one of them`,
    instead: "sh`…`.stdin(secret), or .env({ NAME: secret }) for a local program that reads it there",
  });
}
