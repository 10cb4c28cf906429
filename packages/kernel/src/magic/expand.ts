import { positionAt, type SourcePosition } from "../transform/strip.ts";
import { expressionEnd, lineEnd, Scanner } from "./scan.ts";

/** The object that expanded lines call; hidden from people. */
export const MAGIC = "__opsbook_magic";

export interface MagicContext {
  /** Whether a cell before declared this name: then `!name` is a negation and not a program. */
  declared(name: string): boolean;
  /** Whether the language has this name by itself. */
  builtin(name: string): boolean;
  /** Whether there is a magic of this name. */
  magic(name: string): boolean;
  /** Whether a text is valid TypeScript. */
  parses(text: string): boolean;
}

export interface Expanded {
  code: string;
  /** From a place in `code` to the one of the cell; null when both texts are the same. */
  toSource: ((at: SourcePosition) => SourcePosition) | null;
}

/** Cell magics whose body is TypeScript of the session; every other body is a text. */
const CODE_BODIES = new Set(["time", "timeit", "capture"]);
/** Line magics whose argument is TypeScript. */
const CODE_LINES = new Set(["time", "timeit"]);

const HINT = /^[ \t]*[%!?]|\?[ \t]*;?[ \t]*$|=[ \t]*[!%]/m;
const CELL_MAGIC = /^(?:[ \t]*\n)*%%([A-Za-z_][\w.-]*)(.*)(?:\n|$)/;
const LINE_MAGIC = /^%([A-Za-z_][\w.-]*)(?=\s|;|$)/;
const ASSIGNMENT =
  /^((?:export\s+)?(?:(?:const|let|var)\s+)?)([A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*(?:\s*:\s*[^=\n]+?)?|\[[^\]=\n]*\])\s*=[ \t]*(?=[!%])/;
const CHAIN = String.raw`[\p{ID_Start}$_%][\p{ID_Continue}$]*(?:\??\.[\p{ID_Start}$_][\p{ID_Continue}$]*)*`;
const HELP_BEHIND = new RegExp(String.raw`^(${CHAIN})[ \t]*(\?\??)[ \t]*;?[ \t]*$`, "u");
const HELP_BEFORE = new RegExp(String.raw`^(\?\??)(${CHAIN})[ \t]*;?[ \t]*$`, "u");
/** Words that begin an expression: what follows `!` then is no program. */
const EXPRESSION_WORDS = /^(?:async|await|class|function|import|new|null|super|this|typeof|undefined|void)\b/;

/** Whether a cell with `%%` in its first line goes on in TypeScript. */
export function isCodeBody(source: string): boolean {
  return CODE_BODIES.has(CELL_MAGIC.exec(source)?.[1] ?? "");
}

/** IPython's shorthand to TypeScript, wherever TypeScript itself means nothing else. Pure; never throws. */
export function expandMagics(source: string, context: MagicContext): Expanded {
  if (!HINT.test(source)) return { code: source, toSource: null };
  const text = source.replaceAll("\r\n", "\n");
  const withoutHelp = new Expansion(text, { ...context, help: false }).run();
  // `a ? \n b : c` and `a ?? \n b` are TypeScript; a line that asks for help leaves the rest unreadable.
  if (!/\?[ \t]*;?[ \t]*$|^[ \t]*\?/m.test(text) || context.parses(withoutHelp.code)) return withoutHelp;
  return new Expansion(text, { ...context, help: true }).run();
}

interface Chunk {
  /** Where it begins in the code. */
  at: number;
  /** Where it came from. */
  from: number;
  /** Copied character by character. */
  copied: boolean;
}

class Expansion {
  readonly #source: string;
  readonly #context: MagicContext & { help: boolean };
  readonly #chunks: Chunk[] = [];
  #code = "";
  #done = 0;

  constructor(source: string, context: MagicContext & { help: boolean }) {
    this.#source = source;
    this.#context = context;
  }

  run(): Expanded {
    const begin = this.#cellMagic();
    if (begin !== null) this.#lines(begin);
    this.#copy(this.#source.length);
    if (this.#closing) this.#put(this.#closing, this.#source.length);
    const [source, code, chunks] = [this.#source, this.#code, this.#chunks];
    return { code, toSource: code === source ? null : (at) => placeOf(at, { source, code, chunks }) };
  }

  #closing = "";

  /** Expands what the cell begins with. Returns where TypeScript goes on, null when nothing of it is left. */
  #cellMagic(): number | null {
    const found = CELL_MAGIC.exec(this.#source);
    if (!found) return 0;
    const [all, name = "", rest = ""] = found;
    const start = all.indexOf("%%");
    const args = start + 2 + name.length;
    const argsEnd = args + rest.length;
    this.#done = start;
    if (!CODE_BODIES.has(name)) {
      this.#put(
        `await ${MAGIC}.cell(${JSON.stringify(name)}, ${JSON.stringify(this.#source.slice(all.length))}, `,
        start,
      );
      this.#template(args, argsEnd);
      this.#put(");", start);
      this.#done = this.#source.length;
      return null;
    }
    if (name === "timeit") {
      this.#put(
        `await ${MAGIC}.timeit(${JSON.stringify(rest.trim())}, ${this.#arrow(this.#source.slice(argsEnd), "{")} => {`,
        start,
      );
      this.#closing = "\n});";
    } else {
      this.#put(`${MAGIC}.around(${JSON.stringify(name)}, `, start);
      this.#template(args, argsEnd);
      this.#put(");", start);
    }
    this.#done = argsEnd;
    return argsEnd;
  }

  #lines(from: number): void {
    const scanner = new Scanner(this.#source, from);
    let lineStart = true;
    for (;;) {
      const { position } = scanner;
      if (lineStart && !/[ \t]/.test(this.#source[position] ?? "")) {
        lineStart = false;
        const end = scanner.inStatements && scanner.before !== "operator" ? this.#statement(position, scanner) : null;
        if (end !== null) {
          scanner.position = end;
          scanner.before = "nothing";
          lineStart = true;
          continue;
        }
      }
      const token = scanner.next();
      if (token === null) return;
      if (token.includes("\n") && (token === "\n" || token.startsWith("/*"))) lineStart = true;
      else if (token.trim() !== "" && !token.startsWith("/*")) lineStart = false;
    }
  }

  /** Expands the statement that begins here. Returns where it ends, null when it is TypeScript. */
  #statement(at: number, scanner: Scanner): number | null {
    const line = this.#source.slice(at, lineEnd(this.#source, at));
    switch (line[0]) {
      case "!":
        return this.#isCommand(line) ? this.#command(at, { from: at + 1, call: "shell" }) : null;
      case "%":
        return this.#help(at, line) ?? this.#lineMagic(at, line, scanner);
      case "?":
        return this.#help(at, line);
      default:
        return this.#help(at, line) ?? this.#assignment(at, { line, top: scanner.open.length === 0 });
    }
  }

  /** `!word` at a statement's start. */
  #isCommand(line: string): boolean {
    const rest = line.slice(1).trimStart();
    if (rest === "" || /^[!([{`+\-=]/.test(rest) || EXPRESSION_WORDS.test(rest)) return false;
    const word = /^[\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(rest)?.[0];
    if (word === undefined) return !/^["'/]/.test(rest) || !this.#context.parses(line);
    return !this.#isName(word) || !this.#context.parses(line);
  }

  #isName(word: string): boolean {
    if (this.#context.declared(word)) return true;
    return new RegExp(String.raw`\b(?:const|let|var|function|class|import)\s+\{?\s*${escaped(word)}\b`).test(
      this.#source,
    );
  }

  /** `x = !word`: a negation as soon as anything speaks of the word as a name. */
  #isCaptured(rest: string, at: number): boolean {
    if (/^![\s!([{"'`+\-=/]/.test(rest) || EXPRESSION_WORDS.test(rest.slice(1))) return false;
    const word = /^![\p{ID_Start}$_][\p{ID_Continue}$]*/u.exec(rest)?.[0].slice(1);
    if (word === undefined) return true;
    if (word === "true" || word === "false") return false;
    if (rest.startsWith("(", word.length + 1)) return false;
    if (this.#context.declared(word) || this.#context.builtin(word)) return false;
    const elsewhere = `${this.#source.slice(0, at)}\n${this.#source.slice(lineEnd(this.#source, at))}`;
    return !new RegExp(String.raw`(?<![\w$.%/-]|!\s*)${escaped(word)}\b(?![\w$/-])`).test(elsewhere);
  }

  #divides(name: string): boolean {
    if (this.#isName(name)) return true;
    return !this.#context.magic(name) && (this.#context.builtin(name) || this.#isParameter(name));
  }

  /** Whether the cell speaks of a word elsewhere than behind a percent sign. */
  #isParameter(word: string): boolean {
    return new RegExp(String.raw`(?<![\w$.%])${escaped(word)}\b`).test(this.#source);
  }

  #lineMagic(at: number, line: string, scanner: Scanner): number | null {
    const name = LINE_MAGIC.exec(line)?.[1];
    if (name === undefined) return null;
    // Behind an expression without a semicolon, `%` divides where there is something to divide by.
    if (scanner.before === "operand" && this.#divides(name)) return null;
    const from = at + 1 + name.length;
    if (CODE_LINES.has(name)) return this.#codeLine(at, { name, from });
    const end = lineEnd(this.#source, at);
    this.#copy(at);
    this.#put(`await ${MAGIC}.line(${JSON.stringify(name)}, `, at);
    const stop = this.#template(from, end);
    this.#put(");", at);
    this.#done = stop;
    return stop;
  }

  /** `%time statement` and `%timeit statement`. */
  #codeLine(at: number, { name, from }: { name: string; from: number }): number {
    const end = lineEnd(this.#source, at);
    const rest = this.#source.slice(from, end);
    const options = /^(?:[ \t]+-[a-z][ \t]*\d+)*[ \t]*/.exec(rest)?.[0] ?? "";
    const codeStart = from + options.length;
    const codeEnd = from + rest.replace(/;?\s*$/, "").length;
    const code = this.#source.slice(codeStart, Math.max(codeStart, codeEnd));
    const isExpression =
      code.trim() !== "" && !code.trimStart().startsWith("{") && this.#context.parses(`async () => (${code}\n)`);
    this.#copy(at);
    if (name === "timeit" || isExpression) {
      const open = isExpression ? "(" : "{";
      this.#put(`await ${MAGIC}.${name}(${JSON.stringify(options.trim())}, ${this.#arrow(code, open)} => ${open}`, at);
      this.#take(codeStart, codeStart + code.length);
      this.#put(isExpression ? "));" : "});", at);
    } else {
      this.#put(`${MAGIC}.begin();`, at);
      this.#take(codeStart, codeStart + code.length);
      this.#put(`;${MAGIC}.end();`, at);
    }
    this.#done = end;
    return end;
  }

  /** What is measured waits for nothing where it does not have to. */
  #arrow(body: string, open: "(" | "{"): string {
    return this.#context.parses(`() => ${open}${body}\n${open === "(" ? ")" : "}"}`) ? "()" : "async ()";
  }

  #assignment(at: number, { line, top }: { line: string; top: boolean }): number | null {
    const found = ASSIGNMENT.exec(line);
    if (!found) return null;
    const [head, keyword = "", target = ""] = found;
    const rest = line.slice(head.length);
    const from = at + head.length;
    if (rest.startsWith("!")) {
      if (!this.#isCaptured(rest, at)) return null;
    } else if (!LINE_MAGIC.test(rest)) {
      return null;
    }
    this.#copy(at);
    const fresh = keyword === "" && /^[\w$]+$/.test(target) && top && !this.#isName(target);
    if (fresh) this.#put("let ", at);
    this.#copy(from);
    if (rest.startsWith("!")) return this.#command(at, { from: from + 1, call: "lines" });
    const name = LINE_MAGIC.exec(rest)?.[1] ?? "";
    const args = from + 1 + name.length;
    if (CODE_LINES.has(name)) return this.#codeLine(from, { name, from: args });
    this.#put(`await ${MAGIC}.line(${JSON.stringify(name)}, `, from);
    const stop = this.#template(args, lineEnd(this.#source, at));
    this.#put(");", from);
    this.#done = stop;
    return stop;
  }

  #command(at: number, { from, call }: { from: number; call: "shell" | "lines" }): number {
    let end = lineEnd(this.#source, from);
    while (this.#source[end - 1] === "\\" && end < this.#source.length) end = lineEnd(this.#source, end + 1);
    this.#copy(call === "shell" ? at : from - 1);
    this.#put(`await ${MAGIC}.${call}(`, at);
    const stop = this.#template(from, end);
    this.#put(");", at);
    this.#done = stop;
    return stop;
  }

  #help(at: number, line: string): number | null {
    if (!this.#context.help) return null;
    const before = HELP_BEFORE.exec(line);
    const behind = HELP_BEHIND.exec(line);
    const chain = before?.[2] ?? behind?.[1];
    if (chain === undefined) return null;
    const detail = (before?.[1] ?? behind?.[2])?.length === 2;
    this.#copy(at);
    this.#put(`await ${MAGIC}.help(${JSON.stringify(chain)}, ${detail});`, at);
    this.#done = at + line.length;
    return this.#done;
  }

  /** Text with `${values}`: its pieces as an array, then each value. Returns where the text ends. */
  #template(from: number, lineStop: number): number {
    let end = lineStop;
    const pieces: string[] = [];
    const values: [number, number][] = [];
    let piece = "";
    let at = from;
    while (at < end) {
      if (this.#source.startsWith("\\${", at)) {
        piece += "${";
        at += 3;
        continue;
      }
      const close = this.#source.startsWith("${", at) ? expressionEnd(this.#source, at + 2) : null;
      if (close === null) {
        piece += this.#source[at++];
        continue;
      }
      pieces.push(piece);
      values.push([at + 2, close - 1]);
      piece = "";
      at = close;
      // A value may go over several lines.
      if (at > end) end = lineEnd(this.#source, at);
    }
    pieces.push(piece);
    this.#put(JSON.stringify(pieces.map((text, i) => (i === 0 ? text.trimStart() : text))), from);
    for (const [start, stop] of values) {
      this.#put(", (", start);
      this.#take(start, stop);
      this.#put("\n)", stop);
    }
    return end;
  }

  /** Copies the cell's text up to a place. */
  #copy(to: number): void {
    if (to > this.#done) this.#take(this.#done, to);
    this.#done = Math.max(this.#done, to);
  }

  #take(from: number, to: number): void {
    this.#chunks.push({ at: this.#code.length, from, copied: true });
    this.#code += this.#source.slice(from, to);
  }

  #put(text: string, from: number): void {
    this.#chunks.push({ at: this.#code.length, from, copied: false });
    this.#code += text;
  }
}

function placeOf(
  at: SourcePosition,
  texts: { source: string; code: string; chunks: readonly Chunk[] },
): SourcePosition {
  const lines = texts.code.split("\n");
  const offset = lines.slice(0, at.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + at.column - 1;
  const chunk = texts.chunks.findLast((one) => one.at <= offset);
  const origin = chunk ? chunk.from + (chunk.copied ? offset - chunk.at : 0) : offset;
  return positionAt(texts.source, Math.min(origin, texts.source.length));
}

const escaped = (word: string): string => word.replaceAll("$", String.raw`\$`);
