import { displaySymbol, type MimeBundle } from "./display.ts";
import { hostChannel } from "./host-channel.ts";

/** Texts this short would blot out half of every output. */
const SHORTEST_REDACTED = 4;
const known = new Map<string, string>();

/**
 * A text that never prints: not in outputs, errors, JSON or string concatenation. Only `reveal()` gives it.
 *
 * @example
 * const token = new Secret("s3cr3t-token", "api");
 * String(token); // "Secret(api)"
 * JSON.stringify({ token }); // '{"token":"[secret]"}'
 */
export class Secret {
  readonly #text: string;
  readonly name: string;

  /** Registers the text with the notebook, which scrubs it from outputs, history and exports. */
  constructor(text: string, name = "…") {
    if (text === "") throw new TypeError("a secret cannot be empty; was the variable it comes from unset?");
    this.#text = text;
    this.name = name;
    if (text.length < SHORTEST_REDACTED || known.has(text)) return;
    known.set(text, name);
    hostChannel()?.send("secret-registered", { name, value: text });
  }

  /** The text itself. What you do with it is no longer protected, except in the texts that pass through Opsbook. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return `Secret(${this.name})`;
  }

  toJSON(): string {
    return "[secret]";
  }

  [Symbol.toPrimitive](): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  [displaySymbol](): MimeBundle {
    return { "text/plain": this.toString() };
  }
}

/**
 * `text` with every known secret replaced, also where it is percent, base64 or JSON encoded.
 *
 * @example
 * const password = new Secret("correct horse", "database");
 * redact(`login ops/${password.reveal()}`); // the text without it
 */
export function redact(text: string): string {
  let redacted = text;
  for (const [secret, name] of known) {
    for (const form of formsOf(secret)) redacted = redacted.replaceAll(form, `Secret(${name})`);
  }
  return redacted;
}

/** The name of a known secret that `text` contains. */
export function findSecret(text: string): string | undefined {
  for (const [secret, name] of known) {
    if (text.includes(secret)) return name;
  }
  return undefined;
}

function formsOf(secret: string): Set<string> {
  const forms = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString("base64"),
    Buffer.from(secret).toString("base64url"),
  ];
  if (secret.isWellFormed()) forms.push(encodeURIComponent(secret));
  return new Set(forms);
}
