import { type AnyNode, type ExportDefaultDeclaration, type ExportNamedDeclaration, type Program, parse } from "acorn";
import { MagicString } from "magic-string";
import { rewriteClass, rewriteFunction, rewriteNestedVars, rewriteVariables } from "./declarations.ts";
import { rewriteExpressions } from "./expressions.ts";
import { loadForEffects, rewriteImport } from "./modules.ts";
import { type CellNames, type Declared, shadowName } from "./names.ts";
import { originalPosition, PositionMap } from "./positions.ts";
import { topLevelReferences } from "./references.ts";
import { type Rewrite, RUNTIME, textOf } from "./rewrite.ts";
import { CellSyntaxError, positionAt, type Stripped, stripTypes } from "./strip.ts";
import { boundNames, hoistedNames, type TopLevel } from "./syntax.ts";

export interface TransformedCell {
  /** A script for REPL mode, in strict mode. */
  code: string;
  positions: PositionMap;
  /** Whether the value of the last statement is the cell's value. */
  showsValue: boolean;
  declared: Declared;
  /** Built-in globals this cell is the first to declare anew. */
  shadows: string[];
}

export interface CellContext {
  names: CellNames;
  /** Names of the global object that libraries rely on. */
  builtins: ReadonlySet<string>;
}

const STRICT = '"use strict";';

/** TypeScript of one cell to the script the engine runs. Pure; throws `CellSyntaxError`. */
export function transformCell(source: string, context: CellContext): TransformedCell {
  const stripped = stripTypes(source);
  const program = parseScript(stripped);
  const out = new MagicString(stripped.code);
  const declared: Declared = { storage: new Map(), shadowed: newShadows(program, context) };
  const cell: Rewrite = {
    code: stripped.code,
    program,
    out,
    names: context.names,
    declared,
    used: usedImports(program),
  };
  renameShadowed(cell);
  for (const statement of program.body) rewriteStatement(cell, statement);
  rewriteExpressions(cell, program);
  out.prepend(STRICT);
  return {
    code: out.toString(),
    positions: new PositionMap({ script: out, typescript: stripped.map, columnShift: stripped.shift }),
    showsValue: showsValue(program.body.at(-1)),
    declared,
    shadows: [...declared.shadowed],
  };
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
function newShadows(program: Program, context: CellContext): Set<string> {
  const names = program.body.flatMap(declaredNames);
  return new Set(names.filter((name) => context.builtins.has(name) && !context.names.shadowed.has(name)));
}

function declaredNames(statement: AnyNode): string[] {
  switch (statement.type) {
    case "VariableDeclaration":
      return statement.declarations.flatMap((declarator) => boundNames(declarator.id));
    case "FunctionDeclaration":
    case "ClassDeclaration":
      return statement.id ? [statement.id.name] : [];
    case "ImportDeclaration":
      return statement.specifiers.map((specifier) => specifier.local.name);
    case "ExportNamedDeclaration":
    case "ExportDefaultDeclaration":
      return statement.declaration ? declaredNames(statement.declaration) : [];
    default:
      return hoistedNames(statement);
  }
}

function renameShadowed(cell: Rewrite): void {
  const names = new Set([...cell.names.shadowed, ...cell.declared.shadowed]);
  if (names.size === 0) return;
  for (const { node, shorthand } of topLevelReferences(cell.program, names)) {
    const renamed = shadowName(node.name);
    cell.out.update(node.start, node.end, shorthand ? `${textOf(cell, node)}: ${renamed}` : renamed);
  }
}

/** Imported names that the cell uses as values. The others may be types, which a module does not export. */
function usedImports(program: Program): Set<string> {
  const imported = program.body.flatMap((statement) =>
    statement.type === "ImportDeclaration" ? statement.specifiers.map(({ local }) => local.name) : [],
  );
  if (imported.length === 0) return new Set();
  return new Set(topLevelReferences(program, new Set(imported)).map(({ node }) => node.name));
}
