import { stripAnsi } from "./ansi.ts";

/** What to look for in the lines of a log. */
export interface LogQuery {
  text: string;
  /** `text` is a regular expression (ECMAScript); else plain text. */
  regex: boolean;
  /** Upper and lower case differ. */
  matchCase: boolean;
}

/** Where a line matches first, in UTF-16 units of the line without escape sequences. */
export interface LineMatch {
  column: number;
  length: number;
}

/** Throws SyntaxError where the expression is none. */
export function createMatcher({ text, regex, matchCase }: LogQuery): (line: string) => LineMatch | null {
  const source = regex ? text : text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const expression = new RegExp(source, matchCase ? "" : "i");
  return (line) => {
    const found = expression.exec(stripAnsi(line));
    return found && { column: found.index, length: found[0].length };
  };
}
