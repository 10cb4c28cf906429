import { lineEnd, Scanner } from "./scan.ts";

export interface Declaration {
  /** Number of the cell. */
  readonly cell: number;
  /** The statement as it was typed, without its comment. */
  readonly source: string;
  /** The comment right above it, without its stars. */
  readonly doc: string;
  /** The head: everything before the body. */
  readonly signature: string;
}

/** The latest declaration of a name in the cells, as it was typed. */
export function declarationOf(name: string, sources: Readonly<Record<number, string>>): Declaration | null {
  const numbers = Object.keys(sources)
    .map(Number)
    .sort((a, b) => b - a);
  for (const cell of numbers) {
    const found = declarationIn(sources[cell] ?? "", name);
    if (found) return { cell, ...found };
  }
  return null;
}

/** The last declaration of a name at the top level of a text. */
function declarationIn(text: string, name: string): Omit<Declaration, "cell"> | null {
  const pattern = new RegExp(
    String.raw`(?:^|[\n;}])[ \t]*((?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?` +
      String.raw`(?:function\s*\*?|class|const\s+enum|enum|interface|type|namespace|const|let|var)\s+${name.replaceAll("$", "\\$")}(?![\w$]))`,
    "g",
  );
  const starts = [...text.matchAll(pattern)].map((match) => match.index + match[0].length - (match[1] ?? "").length);
  const start = starts.findLast((at) => isTopLevel(text, at));
  if (start === undefined) return null;
  const { end, head } = statementEnd(text, start);
  return {
    source: text.slice(start, end),
    doc: commentBefore(text, start),
    signature: text
      .slice(start, head)
      .replace(/\s*(?:=>|=)?\s*$/, "")
      .replace(/\s+/g, " "),
  };
}

function isTopLevel(text: string, at: number): boolean {
  const scanner = new Scanner(text);
  while (scanner.position < at) if (scanner.next() === null) return false;
  return scanner.position === at && scanner.open.length === 0;
}

function statementEnd(text: string, start: number): { end: number; head: number } {
  const scanner = new Scanner(text, start);
  const bodied = /^(?:\w+\s+)*?(?:function|class|enum|interface|namespace)\b/.test(text.slice(start, start + 60));
  let head = 0;
  for (;;) {
    const at = scanner.position;
    const { before } = scanner;
    const token = scanner.next();
    const outside = scanner.open.length === 0;
    if (head === 0 && (token === "{" || token === "=>") && scanner.open.length <= 1 && bodied) head = at;
    if (head === 0 && !bodied && token === ">" && text[at - 1] === "=" && outside) head = at + 1;
    if (token === null) return { end: text.trimEnd().length, head: head || lineEnd(text, start) };
    if (!outside) continue;
    const ends = token === ";" || (token === "}" && bodied) || (token === "\n" && before !== "operator");
    if (ends) return { end: token === "\n" ? at : scanner.position, head: head || Math.min(lineEnd(text, start), at) };
  }
}

function commentBefore(text: string, start: number): string {
  const comment = /\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*$/.exec(text.slice(0, start))?.[1] ?? "";
  return plainComment(comment);
}

/** The text of a doc comment. */
function plainComment(comment: string): string {
  return comment.replace(/^[ \t]*\* ?/gm, "").trim();
}
