import type { Line } from "./arguments.ts";

/** A magic as people call it from a line (`%name …`), a cell (`%%name …`) or both. */
export interface Magic {
  /** What stands behind the name. */
  readonly usage: string;
  /** One sentence. */
  readonly summary: string;
  line?(line: Line): unknown;
  /** `body` is everything below the first line. */
  cell?(line: Line, body: string): unknown;
}

/** A person's own magic: `%name text` gives it the text, `%%name text` the body as well. */
export type UserMagic = (text: string, body?: string) => unknown;

const NAME = /^[A-Za-z_][\w.-]*$/;

export class Registry {
  readonly #magics = new Map<string, Magic>();
  readonly #own: ReadonlySet<string>;

  constructor(magics: Readonly<Record<string, Magic>>) {
    for (const [name, magic] of Object.entries(magics)) this.#magics.set(name, magic);
    this.#own = new Set(this.#magics.keys());
  }

  /** @throws TypeError for a name nobody could type. */
  define(name: string, call: UserMagic, summary = "A magic of this notebook."): void {
    if (typeof name !== "string" || !NAME.test(name)) {
      throw new TypeError(`${JSON.stringify(name)} cannot be a magic's name: take letters, digits, dots and dashes.`);
    }
    if (typeof call !== "function")
      throw new TypeError(`A magic is a function: nb.magic.define("${name}", (text) => …).`);
    if (this.#own.has(name)) throw new TypeError(`%${name} is one of the kernel's own magics; take another name.`);
    this.#magics.set(name, {
      usage: "text",
      summary,
      line: ({ text }) => call(text),
      cell: ({ text }, body) => call(text, body),
    });
  }

  has(name: string): boolean {
    return this.#magics.has(name);
  }

  /** @throws ReferenceError when there is none of this name and kind. */
  line(name: string): (line: Line) => unknown {
    const magic = this.#magics.get(name);
    if (magic?.line) return magic.line.bind(magic);
    throw new ReferenceError(
      magic ? `%${name} is a cell's magic: write %%${name} in its first line.` : this.#unknown(`%${name}`, name),
    );
  }

  cell(name: string): (line: Line, body: string) => unknown {
    const magic = this.#magics.get(name);
    if (magic?.cell) return magic.cell.bind(magic);
    throw new ReferenceError(
      magic ? `%${name} is a line's magic: write it with one %.` : this.#unknown(`%%${name}`, name),
    );
  }

  list(): { magic: string; usage: string; summary: string }[] {
    return [...this.#magics]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { line, cell, usage, summary }]) => ({
        magic: [...(line ? [`%${name}`] : []), ...(cell ? [`%%${name}`] : [])].join(" "),
        usage,
        summary,
      }));
  }

  #unknown(shown: string, name: string): string {
    const near = [...this.#magics.keys()].find((one) => distance(one, name) <= (name.length > 3 ? 2 : 1));
    return `There is no magic ${shown}.${near ? ` Did you mean %${near}?` : ""} %lsmagic lists them all.`;
  }
}

/** Edits from one word to another. Source: Wagner and Fischer, 1974. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, changed));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
