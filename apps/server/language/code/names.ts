import { endsExpression, type Token, tokenize } from "./tokens.ts";

/** A name that a cell gives to those below it. */
export interface Declared {
  name: string;
  /** Of the name in the cell's text. */
  at: number;
  /** `variable`: another cell may assign to it. */
  kind: "variable" | "fixed";
  exported: boolean;
}

export interface CellNames {
  declared: Declared[];
  /** Every identifier that may mean something declared outside of the cell, and its own. */
  used: ReadonlySet<string>;
}

/** Words that go before a declaration. */
const MODIFIERS = new Set(["export", "default", "declare", "abstract", "async"]);
const STATEMENTS = new Set(
  "const let var function class interface enum if for while do switch try throw return import export".split(" "),
);

/** The names declared at the top level of a cell, also of one that is half typed. */
export function namesOf(source: string): CellNames {
  const { tokens } = tokenize(source);
  const used = new Set<string>();
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1]?.text;
    if (token.kind === "name" && before !== "." && before !== "?.") used.add(token.text);
  }
  return { declared: new Scan(tokens).run(), used };
}

class Scan {
  readonly #tokens: readonly Token[];
  readonly #declared = new Map<string, Declared>();
  #at = 0;
  #exported = false;

  /** `tokens` in order; those deeper than the top level are only looked at inside of patterns. */
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  run(): Declared[] {
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at] as Token;
      if (token.depth === 0 && token.kind === "name" && this.#startsStatement(this.#at)) this.#statement();
      else this.#at += 1;
    }
    return [...this.#declared.values()];
  }

  #text(offset = 0): string {
    return this.#tokens[this.#at + offset]?.text ?? "";
  }

  #isName(offset = 0): boolean {
    return this.#tokens[this.#at + offset]?.kind === "name";
  }

  #startsStatement(index: number): boolean {
    const token = this.#tokens[index] as Token;
    const before = this.#tokens[index - 1];
    if (!before || before.text === ";" || before.text === "}") return true;
    if (before.text === ")" && before.depth === 0) return true;
    return token.newLine && endsExpression(before);
  }

  #statement(): void {
    const start = this.#at;
    while (MODIFIERS.has(this.#text()) && (this.#isName(1) || this.#text() === "export")) this.#at += 1;
    this.#exported = this.#tokens[start]?.text === "export" && this.#tokens[start + 1]?.text !== "default";
    const word = this.#text();
    const next = this.#text(1);
    if (word === "await" && next === "using") this.#variables(2, "fixed");
    else if (word === "using" && this.#isName(1) && !this.#tokens[this.#at + 1]?.newLine) this.#variables(1, "fixed");
    else if (word === "const" && next === "enum") this.#named(2);
    else if (word === "const") this.#variables(1, "fixed");
    else if (word === "var" || (word === "let" && (this.#isName(1) || /[[{]/.test(next))))
      this.#variables(1, "variable");
    else if (word === "function") this.#named(next === "*" ? 2 : 1);
    else if (word === "class" || word === "enum" || word === "interface") this.#named(1);
    else if (/^(?:type|namespace|module)$/.test(word) && this.#isName(1) && !this.#tokens[this.#at + 1]?.newLine)
      this.#named(1);
    else if (word === "import") this.#imports();
    else this.#at = Math.max(this.#at, start + 1);
    if (this.#at <= start) this.#at = start + 1;
  }

  #add(token: Token | undefined, kind: Declared["kind"]): void {
    if (token?.kind !== "name" || this.#declared.has(token.text)) return;
    this.#declared.set(token.text, { name: token.text, at: token.start, kind, exported: this.#exported });
  }

  #named(skip: number): void {
    this.#add(this.#tokens[this.#at + skip], "fixed");
    this.#at += skip + 1;
  }

  /** `a = 1, { b, c: [d] }: T = x`, from behind the keyword to where the statement ends or stops making sense. */
  #variables(skip: number, kind: Declared["kind"]): void {
    this.#at += skip;
    for (;;) {
      if (this.#text() === "{" || this.#text() === "[") this.#pattern(kind);
      else if (this.#isName()) {
        this.#add(this.#tokens[this.#at], kind);
        this.#at += 1;
      } else return;
      if (this.#text() === "!") this.#at += 1;
      if (this.#text() === ":") this.#type();
      if (!this.#initializer()) return;
      this.#at += 1;
    }
  }

  /** Names bound by a destructuring pattern: all that are not keys or parts of default values. */
  #pattern(kind: Declared["kind"]): void {
    const depth = this.#tokens[this.#at]?.depth ?? 0;
    this.#at += 1;
    let inDefault: number | null = null;
    for (; this.#at < this.#tokens.length; this.#at += 1) {
      const token = this.#tokens[this.#at] as Token;
      if (token.depth === depth) {
        this.#at += 1;
        return;
      }
      if (inDefault !== null) {
        if (token.depth > inDefault || (token.text !== "," && token.depth === inDefault)) continue;
        inDefault = null;
      }
      if (token.text === "=") inDefault = token.depth;
      else if (token.kind === "name" && this.#text(1) !== ":" && token.depth > depth) this.#add(token, kind);
      else if (token.text === ":" && this.#isName(1)) {
        this.#add(this.#tokens[this.#at + 1], kind);
        this.#at += 1;
      }
    }
  }

  /** Over a type annotation, up to `=`, a comma of the list or the statement's end. */
  #type(): void {
    let angle = 0;
    for (this.#at += 1; this.#at < this.#tokens.length; this.#at += 1) {
      const token = this.#tokens[this.#at] as Token;
      if (token.depth > 0) continue;
      if (token.text === "<") angle += 1;
      else if (token.text === ">") angle -= 1;
      else if (angle <= 0 && /^[=,;]$/.test(token.text)) return;
      else if (angle <= 0 && token.newLine && !/^[|&.<>)\]}]/.test(token.text) && this.#typeEnds()) return;
    }
  }

  #typeEnds(): boolean {
    const before = this.#tokens[this.#at - 1];
    return before?.text === ">" || (before !== undefined && before.text !== ":" && endsExpression(before));
  }

  /** Over `= value`; true when a comma follows, and with it another variable. */
  #initializer(): boolean {
    for (; this.#at < this.#tokens.length; this.#at += 1) {
      const token = this.#tokens[this.#at] as Token;
      const before = this.#tokens[this.#at - 1];
      if (token.depth > 0) continue;
      if (token.text === ",") return true;
      if (token.text === ";") return false;
      if (token.newLine && endsExpression(before)) {
        if (STATEMENTS.has(token.text) || token.kind !== "punctuation" || token.text === "{") return false;
        if (token.text === "@") return false;
      }
      if (token.text === "<" && before?.kind === "name") this.#typeArguments();
    }
    return false;
  }

  /** `new Map<string, number>(`: the comma is none of the list. */
  #typeArguments(): void {
    let angle = 0;
    for (let index = this.#at; index < this.#tokens.length; index += 1) {
      const { text, kind, depth } = this.#tokens[index] as Token;
      if (text === "<") angle += 1;
      else if (text === ">") angle -= 1;
      else if (depth === 0 && kind === "punctuation" && !/^(?:[,.|&[\](){}]|=>)$/.test(text)) return;
      if (angle > 0) continue;
      if (/^(?:[(),;\]}.]|`)$/.test(this.#tokens[index + 1]?.text ?? "(")) this.#at = index;
      return;
    }
  }

  /** `import a, { b as c, type D } from "x"`, `import * as e`, `import f = require("x")`. Not `import("x")`. */
  #imports(): void {
    this.#at += 1;
    if (this.#text() === "(" || this.#text() === "." || this.#tokens[this.#at]?.kind === "string") return;
    if (this.#text() === "type" && this.#text(1) !== "from" && this.#text(1) !== ",") this.#at += 1;
    for (; this.#at < this.#tokens.length; this.#at += 1) {
      const token = this.#tokens[this.#at] as Token;
      if (token.kind === "string" || token.text === ";" || token.text === "=") return;
      if (token.kind !== "name") continue;
      if (token.text === "from" && this.#tokens[this.#at + 1]?.kind === "string") return;
      if (token.text === "type" && this.#isName(1) && this.#text(1) !== "as") continue;
      if (this.#text(1) === "as") {
        this.#at += 2;
        this.#add(this.#tokens[this.#at], "fixed");
      } else if (token.text === "as") {
        this.#at += 1;
        this.#add(this.#tokens[this.#at], "fixed");
      } else this.#add(token, "fixed");
    }
  }
}
