import { type ExportDefaultDeclaration, type ExportNamedDeclaration, type Program, parse } from "acorn";
import { MagicString } from "magic-string";
import { type Expanded, expandMagics, type MagicContext } from "../magic/expand.ts";
import { declaredKinds, rewriteConstantAssignments } from "./constants.ts";
import { rewriteClass, rewriteFunction, rewriteNestedVars, rewriteVariables } from "./declarations.ts";
import { lowerDecorators } from "./decorators.ts";
import { rewriteExpressions, rewriteTimers } from "./expressions.ts";
import { loadForEffects, rewriteImport } from "./modules.ts";
import { type CellNames, type Declared, shadowName } from "./names.ts";
import { continuedNamespaces, shareNamespaceVariables } from "./namespaces.ts";
import { originalPosition, PositionMap } from "./positions.ts";
import { topLevelReferences } from "./references.ts";
import { type ImportUse, type Rewrite, RUNTIME, textOf } from "./rewrite.ts";
import { CellSyntaxError, parses, positionAt, type Stripped, stripTypes } from "./strip.ts";
import type { TopLevel } from "./syntax.ts";

export interface TransformedCell {
  /** A script for REPL mode, in strict mode. */
  code: string;
  positions: PositionMap;
  /** Whether the value of the last statement is the cell's value. */
  showsValue: boolean;
  declared: Declared;
  /** Built-in globals this cell is the first to declare anew. */
  shadows: string[];
  /** Names it uses that `using` declared in an earlier cell: what they hold was closed when that cell ended. */
  closed: string[];
}

export interface CellContext {
  names: CellNames;
  /** Names of the global object that libraries rely on. */
  builtins: ReadonlySet<string>;
  /** Whether `%name` is a magic, where it could be a division. */
  isMagic?(name: string): boolean;
  /** Whether decorators are TypeScript's experimental ones. Asked of cells that have some. */
  experimentalDecorators?(): boolean;
}

const STRICT = '"use strict";';

/** TypeScript of one cell to the script the engine runs. Pure; throws `CellSyntaxError`. */
export function transformCell(source: string, context: CellContext): TransformedCell {
  const expanded = expandMagics(source, magicContext(context));
  const { stripped, program } = inSource(expanded, () => toJavaScript(expanded.code, context));
  const out = new MagicString(stripped.code);
  const kinds = declaredKinds(program);
  const declared: Declared = {
    storage: new Map(),
    shadowed: newShadows([...kinds.keys()], context),
    kinds,
    imports: new Map(),
  };
  const cell: Rewrite = {
    code: stripped.code,
    program,
    out,
    names: context.names,
    declared,
    imported: importUses(program, source),
    continued: continuedNamespaces(program.body, context.names),
  };
  renameShadowed(cell);
  rewriteConstantAssignments(cell);
  shareNamespaceVariables(cell, program);
  for (const statement of program.body) rewriteStatement(cell, statement);
  rewriteTimers(cell, program);
  rewriteExpressions(cell, program);
  out.prepend(STRICT);
  return {
    code: out.toString(),
    positions: new PositionMap({
      script: out,
      typescript: stripped.map,
      columnShift: stripped.shift,
      toCell: expanded.toSource,
    }),
    showsValue: showsValue(program.body.at(-1)),
    declared,
    shadows: [...declared.shadowed],
    closed: closedResources(cell),
  };
}

function magicContext({ names, builtins, isMagic }: CellContext): MagicContext {
  return {
    declared: (name) => names.storage.has(name),
    builtin: (name) => builtins.has(name),
    magic: (name) => isMagic?.(name) ?? false,
    parses,
  };
}

/** Errors of an expanded cell at the places of the cell. */
function inSource<T>({ toSource }: Expanded, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!toSource || !(error instanceof CellSyntaxError) || !error.position) throw error;
    throw new CellSyntaxError(error.message, toSource(error.position));
  }
}

function toJavaScript(source: string, context: CellContext): { stripped: Stripped; program: Program } {
  const stripped = stripTypes(source);
  try {
    return { stripped, program: parseScript(stripped) };
  } catch (error) {
    if (!(error instanceof CellSyntaxError)) throw error;
    // Decorators and accessor fields: the engine knows neither.
    const experimental = !source.includes("@") || context.experimentalDecorators?.() === true;
    const lowered = experimental ? stripTypes(source, { experimental }) : lowerDecorators(stripped);
    return { stripped: lowered, program: parseScript(lowered) };
  }
}

/** What comes here was printed from a parsed program: only syntax that this parser does not know yet fails. */
function parseScript({ code, map }: Stripped): Program {
  try {
    return parse(code, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const at = "pos" in error && typeof error.pos === "number" ? positionAt(code, error.pos) : null;
    throw new CellSyntaxError(error.message.replace(/ \(\d+:\d+\)$/, ""), at && originalPosition(map, at));
  }
}

function rewriteStatement(cell: Rewrite, statement: TopLevel): void {
  switch (statement.type) {
    case "VariableDeclaration":
      rewriteUsing(cell, statement);
      rewriteVariables(cell, statement);
      return;
    case "FunctionDeclaration":
      rewriteFunction(cell, statement);
      return;
    case "ClassDeclaration":
      rewriteClass(cell, statement);
      return;
    case "ImportDeclaration":
      rewriteImport(cell, statement);
      return;
    case "ExportNamedDeclaration":
      rewriteNamedExport(cell, statement);
      return;
    case "ExportDefaultDeclaration":
      rewriteDefaultExport(cell, statement);
      return;
    case "ExportAllDeclaration":
      cell.out.update(statement.start, statement.end, loadForEffects(statement));
      return;
    default:
      rewriteNestedVars(cell, {
        type: "BlockStatement",
        body: [statement],
        start: statement.start,
        end: statement.end,
      });
  }
}

function rewriteUsing(cell: Rewrite, statement: Extract<TopLevel, { type: "VariableDeclaration" }>): void {
  if (statement.kind !== "using" && statement.kind !== "await using") return;
  const call =
    statement.kind === "using" ? [`${RUNTIME.use}(`, ")"] : [`${RUNTIME.go}(await ${RUNTIME.useAsync}(`, "))"];
  for (const { init } of statement.declarations) {
    if (!init) continue;
    cell.out.prependRight(init.start, call[0] ?? "");
    cell.out.appendLeft(init.end, call[1] ?? "");
  }
}

function rewriteNamedExport(cell: Rewrite, statement: ExportNamedDeclaration): void {
  const { declaration, source } = statement;
  if (declaration) {
    cell.out.remove(statement.start, declaration.start);
    rewriteStatement(cell, declaration);
  } else if (source) {
    cell.out.update(statement.start, statement.end, loadForEffects(statement));
  } else {
    cell.out.update(statement.start, statement.end, ";");
  }
}

function rewriteDefaultExport(cell: Rewrite, statement: ExportDefaultDeclaration): void {
  const { declaration } = statement;
  cell.out.remove(statement.start, declaration.start);
  if (declaration.type === "FunctionDeclaration" || declaration.type === "ClassDeclaration") {
    if (declaration.id === null) {
      cell.out.appendRight(declaration.start, "(");
      cell.out.appendLeft(declaration.end, ");");
    } else if (declaration.type === "FunctionDeclaration") {
      rewriteFunction(cell, declaration);
    } else {
      rewriteClass(cell, declaration);
    }
  }
}

function showsValue(last: TopLevel | undefined): boolean {
  return last?.type === "ExpressionStatement" || last?.type === "ExportDefaultDeclaration";
}

/** Built-ins that this cell declares at its top level and no cell has before. */
function newShadows(names: readonly string[], context: CellContext): Set<string> {
  return new Set(names.filter((name) => context.builtins.has(name) && !context.names.shadowed.has(name)));
}

function closedResources(cell: Rewrite): string[] {
  const names = [...cell.names.kinds].flatMap(([name, kind]) =>
    kind === "resource" && !cell.declared.kinds.has(name) ? [name] : [],
  );
  if (names.length === 0) return [];
  return [...new Set(topLevelReferences(cell.program, new Set(names)).map(({ node }) => node.name))];
}

function renameShadowed(cell: Rewrite): void {
  const names = new Set([...cell.names.shadowed, ...cell.declared.shadowed]);
  if (names.size === 0) return;
  for (const { node, shorthand } of topLevelReferences(cell.program, names)) {
    const renamed = shadowName(node.name);
    cell.out.update(node.start, node.end, shorthand ? `${textOf(cell, node)}: ${renamed}` : renamed);
  }
}

/** How the cell uses the names it imports. One that is no value in it may be a type, which a module does not export. */
function importUses(program: Program, source: string): Map<string, ImportUse> {
  const imported = program.body.flatMap((statement) =>
    statement.type === "ImportDeclaration" ? statement.specifiers.map(({ local }) => local.name) : [],
  );
  if (imported.length === 0) return new Map();
  const values = new Set(topLevelReferences(program, new Set(imported)).map(({ node }) => node.name));
  const words = source.match(/[\p{ID_Continue}$]+/gu) ?? [];
  const isMentioned = (name: string): boolean => words.filter((word) => word === name).length > 1;
  return new Map(imported.map((name) => [name, values.has(name) ? "value" : isMentioned(name) ? "type" : "none"]));
}
