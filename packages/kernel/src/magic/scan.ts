/** What the text before a place means for what comes next. */
export type Before =
  /** A statement can only begin here. */
  | "nothing"
  /** An expression that the next line may go on with. */
  | "operand"
  /** Something that needs more. */
  | "operator";

const WORD = /[\p{ID_Continue}$\u200c\u200d]+/uy;
const NUMBER = /\d[\w.]*/y;
/** Words behind which an expression comes, so that a slash begins a regular expression. */
const PREFIX_WORDS = new Set(
  (
    "await case delete do else extends in instanceof keyof new of return satisfies as throw typeof void yield default " +
    "import export from const let var"
  ).split(" "),
);

/**
 * Walks over TypeScript far enough to know where statements can begin: strings, templates, comments, regular
 * expressions and brackets. It never fails; a text that no parser takes is the parser's business.
 */
export class Scanner {
  readonly source: string;
  position: number;
  before: Before = "nothing";
  /** Brackets that are open: `{`, `(`, `[`, and `$` for the value in a template. */
  readonly open: string[] = [];

  constructor(source: string, position = 0) {
    this.source = source;
    this.position = position;
  }

  /** Whether a statement may stand here: neither in a call's arguments nor in an array. */
  get inStatements(): boolean {
    const innermost = this.open.at(-1);
    return innermost === undefined || innermost === "{";
  }

  /** Reads one token; a line's end is one. Returns it, null at the end. */
  next(): string | null {
    const { source, position } = this;
    const first = source[position];
    if (first === undefined) return null;
    this.position = this.#end(first);
    if (this.position <= position) this.position = position + 1;
    return source.slice(position, this.position);
  }

  #end(first: string): number {
    const { source, position } = this;
    if (first === "\n" || first === " " || first === "\t" || first === "\r") return position + 1;
    if (source.startsWith("//", position) || (position === 0 && source.startsWith("#!")))
      return lineEnd(source, position);
    if (source.startsWith("/*", position)) return after(source, source.indexOf("*/", position + 2), 2);
    if (first === '"' || first === "'") return this.#operand(stringEnd(source, position));
    if (first === "`") return this.#template(position + 1);
    if (first === "/" && this.before !== "operand") return this.#operand(regularExpressionEnd(source, position));
    const number = match(NUMBER, source, position);
    if (number > position) return this.#operand(number);
    const word = match(WORD, source, position);
    if (word > position) return this.#word(source.slice(position, word), word);
    return this.#sign(first);
  }

  #operand(end: number): number {
    this.before = "operand";
    return end;
  }

  #word(word: string, end: number): number {
    const member = /\.\s*$/.test(this.source.slice(Math.max(0, this.position - 20), this.position));
    if (word === "else" || word === "do") this.before = "nothing";
    else this.before = PREFIX_WORDS.has(word) && !member ? "operator" : "operand";
    return end;
  }

  #sign(sign: string): number {
    const { position, source } = this;
    switch (sign) {
      case "{":
      case "(":
      case "[":
        this.open.push(sign);
        this.before = sign === "{" ? "nothing" : "operator";
        return position + 1;
      case "}":
        if (this.open.pop() === "$") return this.#template(position + 1);
        this.before = "nothing";
        return position + 1;
      case ")":
      case "]":
        this.open.pop();
        this.before = "operand";
        return position + 1;
      case ";":
        this.before = "nothing";
        return position + 1;
      case "+":
      case "-":
        if (source[position + 1] === sign) return position + 2;
        break;
      case "!":
        // A postfix one asserts that a value is there.
        if (this.before === "operand" && source[position + 1] !== "=") return position + 1;
        break;
      case "?":
        this.before = "operator";
        return source.startsWith("?.", position) ? position + 2 : position + 1;
      default:
    }
    this.before = "operator";
    return position + 1;
  }

  /** From inside a template to its end, or to the value that stands in it. */
  #template(from: number): number {
    for (let at = from; at < this.source.length; at++) {
      if (this.source[at] === "\\") at++;
      else if (this.source[at] === "`") return this.#operand(at + 1);
      else if (this.source.startsWith("${", at)) {
        this.open.push("$");
        this.before = "operator";
        return at + 2;
      }
    }
    // Left open: everything behind belongs to it.
    this.open.push("`");
    return this.source.length;
  }
}

/** The place behind the `}` that closes the expression which begins at `from`; null when nothing closes it. */
export function expressionEnd(source: string, from: number): number | null {
  const scanner = new Scanner(source, from);
  scanner.open.push("(");
  scanner.before = "operator";
  const depth = scanner.open.length;
  for (;;) {
    if (source[scanner.position] === "}" && scanner.open.length === depth) return scanner.position + 1;
    if (scanner.next() === null) return null;
  }
}

export function lineEnd(source: string, from: number): number {
  return after(source, source.indexOf("\n", from), 0);
}

const after = (source: string, found: number, length: number): number => (found < 0 ? source.length : found + length);

function match(pattern: RegExp, source: string, position: number): number {
  pattern.lastIndex = position;
  return pattern.test(source) ? pattern.lastIndex : position;
}

function stringEnd(source: string, from: number): number {
  const quote = source[from];
  for (let at = from + 1; at < source.length; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === quote) return at + 1;
    else if (source[at] === "\n") return at;
  }
  return source.length;
}

function regularExpressionEnd(source: string, from: number): number {
  let inClass = false;
  for (let at = from + 1; at < source.length && source[at] !== "\n"; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === "[") inClass = true;
    else if (source[at] === "]") inClass = false;
    else if (source[at] === "/" && !inClass) return at + 1;
  }
  // A lone slash: a division that was taken for more.
  return from + 1;
}
