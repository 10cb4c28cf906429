import type { Identifier, ImportAttribute, ImportDeclaration, Literal } from "acorn";
import { bound, declare, type ImportUse, type Rewrite, RUNTIME, storageOf } from "./rewrite.ts";

/** `import …` becomes an awaited destructuring in its place, into whatever storage its names have. */
export function rewriteImport(cell: Rewrite, statement: ImportDeclaration): void {
  const pairs: { imported: string; local: string }[] = [];
  let namespace: string | undefined;
  const attributes = Object.fromEntries(
    statement.attributes.map((one) => [exportName(one.key), String(one.value.value)]),
  );
  for (const specifier of statement.specifiers) {
    const local = specifier.local.name;
    declare(cell, local, storageOf(cell, local, "lexical"));
    const imported = importedName(specifier);
    if (imported === "*") namespace = local;
    else pairs.push({ local, imported });
    cell.declared.imports.set(local, { specifier: String(statement.source.value), imported, attributes });
  }
  const used = (use: ImportUse) =>
    pairs.filter(({ local }) => cell.imported.get(local) === use).map(({ imported }) => imported);
  const source = load(statement, { needed: used("value"), wanted: used("none") });
  const target = namespace === undefined ? pattern(cell, pairs) : bound(cell, namespace);
  const locals = [...pairs.map(({ local }) => local), ...(namespace === undefined ? [] : [namespace])];
  let text = locals.length === 0 ? `${source};` : assign(cell, locals, { target, source });
  if (namespace !== undefined && pairs.length > 0) {
    text += assign(cell, locals, { target: pattern(cell, pairs), source: bound(cell, namespace), declared: true });
  }
  cell.out.update(statement.start, statement.end, text);
}

/** `export … from` and `export *`: loaded for their effects, a notebook exports nothing. */
export function loadForEffects(statement: ModuleStatement): string {
  return `${load(statement, { needed: [], wanted: [] })};`;
}

function assign(
  cell: Rewrite,
  locals: readonly string[],
  what: { target: string; source: string; declared?: boolean },
): string {
  const lexical = locals.filter((name) => storageOf(cell, name, "lexical") === "lexical");
  const property = locals.filter((name) => !lexical.includes(name));
  const text = (names: readonly string[]) => names.map((name) => bound(cell, name)).join(", ");
  const declarations = what.declared
    ? ""
    : (lexical.length > 0 ? `let ${text(lexical)};` : "") + (property.length > 0 ? `var ${text(property)};` : "");
  return `${declarations}(${what.target} = ${what.source});`;
}

function pattern(cell: Rewrite, pairs: readonly { imported: string; local: string }[]): string {
  return `{${pairs.map(({ imported, local }) => `${JSON.stringify(imported)}: ${bound(cell, local)}`).join(", ")}}`;
}

/** What `import` and `export … from` have in common. */
interface ModuleStatement {
  source?: Literal | null;
  attributes: ImportAttribute[];
  start: number;
}

/** `needed`: names that must be there. `wanted`: names that must be there unless they are types. */
function load(
  { source, attributes, start }: ModuleStatement,
  names: { needed: readonly string[]; wanted: readonly string[] },
): string {
  const options = attributes.length === 0 ? "" : `, {with: {${attributes.map(attribute).join(", ")}}}`;
  const lists = `${JSON.stringify(names.needed)}, ${JSON.stringify(names.wanted)}`;
  const call = `${RUNTIME.module}(${JSON.stringify(source?.value)}, ${lists}${options})`;
  return `${RUNTIME.go}(await ${RUNTIME.wait}(${call}, ${start}))`;
}

function attribute({ key, value }: ImportAttribute): string {
  return `${JSON.stringify(exportName(key))}: ${JSON.stringify(value.value)}`;
}

function importedName(specifier: ImportDeclaration["specifiers"][number]): string {
  switch (specifier.type) {
    case "ImportSpecifier":
      return exportName(specifier.imported);
    case "ImportDefaultSpecifier":
      return "default";
    case "ImportNamespaceSpecifier":
      return "*";
    default:
      return specifier satisfies never;
  }
}

function exportName(node: Identifier | Literal): string {
  return node.type === "Identifier" ? node.name : String(node.value);
}
