import { expandMagics, isCodeBody } from "../magic/expand.ts";
import { CellSyntaxError, parses, stripTypes } from "./strip.ts";

export interface Completeness {
  status: "complete" | "incomplete" | "invalid";
  /** What a console puts before the next line. */
  indent: string;
}

const INDENT = "  ";

/** Whether a console should run these lines, wait for more, or say that they are wrong. Pure. */
export function completeness(source: string, isMagic: (name: string) => boolean = () => false): Completeness {
  // A text has no grammar: an empty line ends it.
  if (/^\s*%%/.test(source) && !isCodeBody(source)) {
    return { status: /\n[ \t]*\n?$/.test(source) ? "complete" : "incomplete", indent: "" };
  }
  if (/(?:^|\n)[ \t]*![^\n]*\\$/.test(source)) return { status: "incomplete", indent: INDENT };
  const { code } = expandMagics(source, {
    declared: () => false,
    builtin: (name) => name in globalThis,
    magic: isMagic,
    parses,
  });
  if (code !== source) return completeness(code);
  try {
    stripTypes(source);
    return { status: "complete", indent: "" };
  } catch (error) {
    if (!(error instanceof CellSyntaxError)) throw error;
    return isUnfinished(source, error)
      ? { status: "incomplete", indent: nextIndent(source) }
      : { status: "invalid", indent: "" };
  }
}

/** More text may help when the parser stopped at the end, or inside something that was opened and not closed. */
function isUnfinished(source: string, error: CellSyntaxError): boolean {
  if (/\bEOF\b|end of (?:file|input)|Unterminated (?:template|multi|block|comment)|\/\*/i.test(error.message))
    return true;
  if (!error.position) return false;
  // The parser calls a template a string; only the one may go on in the next line.
  const opening = source.split("\n")[error.position.line - 1]?.[error.position.column - 1];
  if (/Unterminated/i.test(error.message)) return opening === "`";
  const lines = source.trimEnd().split("\n");
  const last = lines.at(-1) ?? "";
  return (
    error.position.line > lines.length || (error.position.line === lines.length && error.position.column > last.length)
  );
}

function nextIndent(source: string): string {
  const last = source.trimEnd().split("\n").at(-1) ?? "";
  const own = /^\s*/.exec(last)?.[0] ?? "";
  return /[{([]$|=>$/.test(last) ? own + INDENT : own;
}
