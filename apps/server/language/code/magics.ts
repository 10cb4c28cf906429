import { endsExpression, tokenize } from "./tokens.ts";

/**
 * The kernel's shorthand (`%time`, `!df -h`, `rows?`) is none of the compiler's business: it becomes blanks, and where
 * it stands for a value, a name of type `any`. Every other character keeps its place.
 * `isName`: whether TypeScript knows the word here; then `!word` is a negation and no program.
 */
export function blankMagics(source: string, isName: (word: string) => boolean): string {
  if (!HINT.test(source)) return source;
  const cell = CELL_MAGIC.exec(source);
  if (cell && !CODE_BODIES.has(cell[1] ?? "")) return blank(source);
  let done = "";
  for (const line of source.split(/(?<=\n)/)) {
    const isFirst = cell !== null && done.length === cell.index + cell[0].lastIndexOf("%%");
    done += isFirst ? blank(line) : HINT.test(line) ? blankLine(line, done, isName) : line;
  }
  return done;
}

const HINT = /^[ \t]*[%!?]|\?[ \t]*;?[ \t]*$|=[ \t]*[!%]/m;
const CELL_MAGIC = /^(?:[ \t]*\n)*[ \t]*%%([A-Za-z_][\w.-]*)/;
const CODE_BODIES = new Set(["time", "timeit", "capture"]);
const CHAIN = String.raw`[\p{ID_Start}$_%][\p{ID_Continue}$]*(?:\??\.[\p{ID_Start}$_][\p{ID_Continue}$]*)*`;
const HELP = new RegExp(String.raw`^[ \t]*(?:\?\??${CHAIN}|${CHAIN}[ \t]*\?\??)[ \t]*;?[ \t]*$`, "u");
const LINE_CODE = /^[ \t]*%(?:time|timeit)(?= )/;
const LINE_MAGIC = /^[ \t]*%[A-Za-z_]/;
const COMMAND = /^[ \t]*!/;
const CAPTURE = /^([ \t]*(?:export\s+)?(?:(?:const|let|var)\s+)?[\p{ID_Start}$_[][^=!%\n]*=[ \t]*)([!%])(.*)$/u;
const EXPRESSION =
  /^\s*(?:[!([{"'`+\-=]|(?:async|await|class|function|import|new|null|super|this|typeof|undefined|void|true|false)\b|$)/;

function blankLine(line: string, before: string, isName: (word: string) => boolean): string {
  const text = line.replace(/\r?\n$/, "");
  const { tokens, open, unended } = tokenize(before);
  const last = tokens.at(-1);
  if (unended !== "" || (last && !/^[;{]$/.test(last.text) && !endsExpression(last))) return line;
  const top = open.length === 0;
  if (LINE_CODE.test(text)) return line.replace(LINE_CODE, (magic) => blank(magic));
  if (LINE_MAGIC.test(text) || (HELP.test(text) && top)) return blank(line);
  if (COMMAND.test(text)) return isCommand(text.trim().slice(1), isName) ? blank(line) : line;
  const [, target, sign, rest = ""] = CAPTURE.exec(text) ?? [];
  if (target === undefined || !top) return line;
  const isMagic = sign === "%" ? /^[A-Za-z_]/.test(rest) : isCommand(rest, isName) && !/^[\w$]+\(/.test(rest);
  return isMagic ? target + STAND_IN + blank(line.slice(target.length + 1)) : line;
}

function isCommand(rest: string, isName: (word: string) => boolean): boolean {
  if (EXPRESSION.test(rest)) return false;
  const word = /^\s*([\p{ID_Start}$_][\p{ID_Continue}$]*)/u.exec(rest)?.[1];
  return word === undefined || !isName(word);
}

/** Of type `any` in every cell. */
const STAND_IN = "_";

const blank = (text: string) => text.replace(/[^\r\n]/g, " ");
