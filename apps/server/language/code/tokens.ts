/** Tokens of a cell that may be half typed. Comments are left out; a template's expressions are part of the list. */
export interface Token {
  kind: "name" | "number" | "string" | "template" | "regex" | "punctuation";
  text: string;
  start: number;
  end: number;
  /** Brackets and templates open around it; for a bracket itself, those around the pair. */
  depth: number;
  /** A line ends between the token before and this one. */
  newLine: boolean;
}

export interface Tokens {
  tokens: Token[];
  /** Brackets never closed, from the outside in. */
  open: { at: number; text: string }[];
  /** What ends a comment or template that is still open at the end of the text. */
  unended: "" | "*/" | "`";
}

const NAME_START = /[\p{ID_Start}$_#@\\]/u;
const NAME = /[\p{ID_Start}$_#\\][\p{ID_Continue}$\\]*/uy;
const NUMBER = /\.?\d(?:[\w.]|[eE][+-])*/y;
const STRING = /"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\]?)+\/[a-z]*/y;
const TEMPLATE_TEXT = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*/y;
const PUNCTUATION = /=>|\.\.\.|\?\.|[=!]==?|\?\?=?|&&=?|\|\|=?|\*\*=?|[+-]{2}|[-+*/%&|^]=|[\s\S]/y;
const CLOSERS: Record<string, string> = { "(": ")", "[": "]", "{": "}" };
/** After these words an expression begins, so a slash begins a regular expression. */
const BEFORE_EXPRESSION = new Set(
  "return typeof case in of delete void throw new else do await yield instanceof".split(" "),
);

export function tokenize(text: string): Tokens {
  const tokens: Token[] = [];
  const open: { at: number; text: string }[] = [];
  let at = 0;
  let newLine = true;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0] ?? "";
  };
  const push = (kind: Token["kind"], length: number, depth = open.length): void => {
    tokens.push({ kind, text: text.slice(at, at + length), start: at, end: at + length, depth, newLine });
    at += length;
    newLine = false;
  };
  /** From behind a backtick or the brace of an expression to the next expression or the end; false: never ends. */
  const template = (from: number): boolean => {
    TEMPLATE_TEXT.lastIndex = from;
    at = from + (TEMPLATE_TEXT.exec(text)?.[0].length ?? 0);
    if (at >= text.length) return false;
    if (text[at] === "`") {
      open.pop();
      at += 1;
    } else {
      open.push({ at, text: "${" });
      at += 2;
    }
    return true;
  };
  while (at < text.length) {
    const char = text[at] as string;
    const two = text.slice(at, at + 2);
    if (char === "\n" || char === "\u2028" || char === "\u2029") {
      newLine = true;
      at += 1;
    } else if (/\s/.test(char)) at += 1;
    else if (two === "//" || (two === "#!" && at === 0)) {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
    } else if (two === "/*") {
      const end = text.indexOf("*/", at + 2);
      if (end < 0) return { tokens, open, unended: "*/" };
      newLine ||= text.slice(at, end).includes("\n");
      at = end + 2;
    } else if (char === "`") {
      push("template", 1);
      open.push({ at: at - 1, text: "`" });
      if (!template(at)) return { tokens, open, unended: "`" };
    } else if (char === '"' || char === "'") push("string", take(STRING).length);
    else if (/\d/.test(char) || (char === "." && /\d/.test(text[at + 1] ?? ""))) push("number", take(NUMBER).length);
    else if (char !== "@" && NAME_START.test(String.fromCodePoint(text.codePointAt(at) ?? 0)))
      push("name", take(NAME).length || 1);
    else if (char === "/" && startsExpression(tokens.at(-1)))
      push(take(REGEX) === "" ? "punctuation" : "regex", take(REGEX).length || 1);
    else if (char === "(" || char === "[" || char === "{") {
      push("punctuation", 1);
      open.push({ at: at - 1, text: char });
    } else if (char === "}" && open.at(-1)?.text === "${") {
      open.pop();
      if (!template(at + 1)) return { tokens, open, unended: "`" };
    } else if (char === ")" || char === "]" || char === "}") {
      // A bracket without a partner is the compiler's to tell.
      if (CLOSERS[open.at(-1)?.text ?? ""] === char) open.pop();
      push("punctuation", 1);
    } else push("punctuation", take(PUNCTUATION).length);
  }
  return { tokens, open, unended: "" };
}

/** What a text has to be followed by for everything open in it to be closed. */
export function closing({ open, unended }: Tokens): string {
  const closers = open.toReversed().map(({ text }) => (text === "`" ? "`" : text === "${" ? "}" : CLOSERS[text]));
  // The innermost template is closed by its own end.
  return unended === "*/" ? unended + closers.join("") : closers.join("");
}

/** Whether the token can be the last one of an expression. */
export function endsExpression(token: Token | undefined): boolean {
  if (!token) return false;
  if (token.kind === "punctuation") return /^(?:[)\]}]|\+\+|--)$/.test(token.text);
  return token.kind !== "name" || !BEFORE_EXPRESSION.has(token.text);
}

const startsExpression = (before: Token | undefined) => !endsExpression(before);
