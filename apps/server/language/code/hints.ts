import type { Problem } from "@opsbook/notebook/language";
import { type Token, tokenize } from "./tokens.ts";

/** What is done with a file that another program may have made or removed since it was asked for. */
const DEEDS = new Set(
  `write create remove copy copyTree move makeFolder removeTree chmod text lines bytes json head open list stat`.split(
    " ",
  ),
);
const INSTEAD =
  "Between the answer and what follows another program may act. Instead: files.create(path) makes exactly one winner, " +
  "files.remove(path, { missingOk: true }) minds no absence, and a read can be tried and its FilesError looked at.";

/** Traps that the compiler knows nothing of. */
export function hintsOf(source: string): Problem[] {
  const { tokens } = tokenize(source);
  const hints: Problem[] = [];
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== "name" || token.text !== "if" || tokens[at + 1]?.text !== "(") continue;
    const close = closingOf(tokens, at + 1);
    const asked = callOf(tokens, { from: at + 2, to: close, names: new Set(["exists"]) });
    if (asked === undefined) continue;
    const end = endOfStatement(tokens, close + 1);
    if (callOf(tokens, { from: close + 1, to: end, names: DEEDS }) === undefined) continue;
    const [first, last] = asked;
    hints.push({ start: first.start, end: last.end, severity: "warning", message: INSTEAD, code: null });
  }
  return hints;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly names: ReadonlySet<string>;
}

/** The first `files.NAME(` or `host.files.NAME(`: its first and last token. */
function callOf(tokens: readonly Token[], { from, to, names }: Stretch): [Token, Token] | undefined {
  for (let at = from; at + 3 <= to && at + 3 < tokens.length; at += 1) {
    const [object, dot, name, open] = tokens.slice(at, at + 4);
    if (object?.text === "files" && dot?.text === "." && open?.text === "(" && names.has(name?.text ?? ""))
      return [object, name as Token];
  }
  return undefined;
}

function closingOf(tokens: readonly Token[], open: number): number {
  const depth = tokens[open]?.depth;
  const at = tokens.findIndex((token, index) => index > open && token.depth === depth);
  return at === -1 ? tokens.length : at;
}

/** Behind a block or a single statement, and behind the `else` that may follow it. */
function endOfStatement(tokens: readonly Token[], start: number): number {
  const first = tokens[start];
  if (first === undefined) return tokens.length;
  let end: number;
  if (first.text === "{") end = closingOf(tokens, start) + 1;
  else {
    const stop = tokens.findIndex(
      ({ depth, text, newLine }, at) => at > start && depth <= first.depth && (text === ";" || newLine),
    );
    end = stop === -1 ? tokens.length : stop + (tokens[stop]?.text === ";" ? 1 : 0);
  }
  return tokens[end]?.text === "else" ? endOfStatement(tokens, end + 1) : end;
}
