import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Help on the names that `install` defines, read from the declarations themselves: what a comment says there is what a
 * person sees. Nothing is loaded or parsed before somebody asks.
 */

export interface Help {
  /** The declaration's head, or the members of its type. */
  readonly signature: string;
  readonly doc: string;
  /** TypeScript that runs; empty when there is none. */
  readonly example: string;
  readonly source: string;
}

interface Declared {
  readonly doc: string;
  readonly text: string;
  /** The type that a constant is annotated with. */
  readonly type: string | undefined;
}

const COMMENT = String.raw`(/\*\*(?:[^*]|\*(?!/))*\*/\s*)?`;

/** `chain` as typed in a cell: `sh`, `files.text`. Null for what is not known here. */
export function helpOn(chain: string, domainOf: (name: string) => string | undefined): Help | null {
  const [name = "", ...members] = chain.split(/\??\./);
  const domain = domainOf(name);
  if (domain === undefined) return null;
  const sources = sourcesOf(domain);
  const declared = declaration(sources, name);
  if (!declared) return null;
  const type = declared.type === undefined ? null : declaration(sources, declared.type);
  if (members.length === 0) return ownHelp(declared, { type, line: lineInGlobals(name) });
  const [member = ""] = members;
  const found = members.length === 1 ? memberOf((type ?? declared).text, member) : null;
  // `readonly fingerprint: typeof fingerprint` is described where the function is.
  const elsewhere = found?.text.match(/: typeof (\w+);?$/)?.[1];
  const described = elsewhere === undefined ? found : (declaration(sources, elsewhere) ?? found);
  if (!described) return null;
  return { ...parts(described.doc), signature: head(described.text), source: described.text };
}

function ownHelp(declared: Declared, { type, line }: { type: Declared | null; line: string }): Help {
  const own = parts(declared.doc);
  const ofType = parts(type?.doc ?? "");
  const inside = exampleIn((type ?? declared).text);
  return {
    signature: type ? type.text : head(declared.text),
    doc: own.doc || ofType.doc || line,
    example: own.example || ofType.example || inside,
    source: [declared.text, ...(type ? [type.text] : [])].join("\n\n"),
  };
}

function sourcesOf(domain: string): string[] {
  const pattern = domain === "local" ? "local.ts" : `${domain}/*.ts`;
  const files = globSync(pattern, { cwd: import.meta.dirname }).filter(
    (file) => !/\.(?:test|contract)\.ts$/.test(file),
  );
  return files.sort().map((file) => readFileSync(join(import.meta.dirname, file), "utf8"));
}

function declaration(sources: readonly string[], name: string): Declared | null {
  const pattern = new RegExp(
    String.raw`(?:^|\n)${COMMENT}(export (?:abstract )?(?:async )?(?:const|function|class|interface|type) ${name}\b(?::\s*(\w+))?)`,
  );
  for (const source of sources) {
    const found = pattern.exec(source);
    if (!found) continue;
    const start = found.index + found[0].length - (found[2] ?? "").length;
    return { doc: found[1] ?? "", text: statement(source, start), type: found[3] };
  }
  return null;
}

/** Up to the line that closes it: the formatter sets that one at the margin. */
function statement(source: string, start: number): string {
  const line = source.indexOf("\n", start);
  const first = source.slice(start, line < 0 ? source.length : line);
  if (/;$/.test(first)) return first;
  const close = /\n[})\]].*\n(?!\{)/g;
  close.lastIndex = start;
  let found = close.exec(source);
  // A parameter list that fills several lines closes before the body does.
  while (found && /\{\s*$/.test(found[0])) found = close.exec(source);
  return source.slice(start, found ? found.index + found[0].length : source.length).trimEnd();
}

function memberOf(text: string, name: string): { doc: string; text: string } | null {
  const pattern = new RegExp(String.raw`\n {2}${COMMENT}((?:readonly )?${name}(?:\(|<|\?|:)[\s\S]*?;)\n`);
  const found = pattern.exec(text);
  return found ? { doc: found[1] ?? "", text: found[2] ?? "" } : null;
}

/** The one line that the globals' own list gives it. */
function lineInGlobals(name: string): string {
  const text = readFileSync(join(import.meta.dirname, "globals-types.ts"), "utf8");
  const comment = new RegExp(String.raw`${COMMENT}var ${name}:`).exec(text)?.[1] ?? "";
  return parts(comment).doc;
}

function exampleIn(text: string): string {
  const comments = text.match(/\/\*\*(?:[^*]|\*(?!\/))*\*\//g) ?? [];
  return comments.map((comment) => parts(comment).example).find((example) => example !== "") ?? "";
}

function head(text: string): string {
  const body = text.search(/ \{\n| = Object\.freeze| = create/);
  return (body < 0 ? text : text.slice(0, body)).replace(/^export /, "");
}

function parts(comment: string): Pick<Help, "doc" | "example"> {
  const text = comment
    .replace(/^\s*\/\*\*|\*\/\s*$/g, "")
    .replace(/^[ \t]*\* ?/gm, "")
    .trim();
  const [doc = "", example = ""] = text.split(/^@example\s*\n/m);
  return { doc: doc.trim(), example: example.trim() };
}
