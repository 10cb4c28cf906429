/** What a command takes from a cell as one argument; a file entry stands for its path. */
export type Argument = string | number | bigint | URL | { readonly path: string };

/** @throws TypeError for everything whose text nobody meant, secrets among it, and for a NUL character. */
export function argumentOf(value: Argument, what: string): string {
  const text = textOf(value);
  if (text === null) {
    const kind = value === null ? "null" : Array.isArray(value) ? "an array in an array" : describe(value);
    throw new TypeError(
      `${what} is ${kind}; an argument is a text, a number, a URL or a file. Other values: String(value).`,
    );
  }
  if (text.includes("\0")) throw new TypeError(`${what} holds a NUL character, which no program can be given.`);
  return text;
}

function textOf(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value instanceof URL) return value.href;
  if (typeof value !== "object" || value === null || !("path" in value)) return null;
  return typeof value.path === "string" ? value.path : null;
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return `${typeof value}`;
  const { name } = value.constructor ?? {};
  return typeof name === "string" && name !== "" ? `a ${name}` : "an object";
}

/** The words of a magic's line. Quotes group as in a shell; a value is one word, an array is several. */
export interface Line {
  /** All of it as it was written, values in their place. */
  readonly text: string;
  readonly words: readonly string[];
}

export function parseLine(pieces: readonly string[], values: readonly unknown[]): Line {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  let text = "";
  const flush = (): void => {
    if (word !== null) words.push(word);
    word = null;
  };
  for (const [i, piece] of pieces.entries()) {
    text += piece;
    for (let at = 0; at < piece.length; at++) {
      const char = piece[at] ?? "";
      if (quote !== "") {
        if (char === quote) quote = "";
        else word = (word ?? "") + char;
      } else if (char === '"' || char === "'") {
        quote = char;
        word ??= "";
      } else if (/\s/.test(char)) flush();
      else word = (word ?? "") + char;
    }
    if (i >= values.length) break;
    const value = values[i];
    const given = Array.isArray(value) ? (value as Argument[]) : [value as Argument];
    for (const [nth, one] of given.entries()) {
      const argument = argumentOf(one, `value ${i + 1} of the line`);
      if (nth > 0) flush();
      word = (word ?? "") + argument;
      text += nth > 0 ? ` ${argument}` : argument;
    }
  }
  flush();
  return {
    text: text.trim().replace(/\s*;$/, ""),
    words: words
      .map((one, i) => (i === words.length - 1 ? one.replace(/;$/, "") : one))
      .filter((one, i) => one !== "" || i < words.length - 1),
  };
}
