import type { AnyNode, CallExpression, FunctionExpression, Identifier, Program, VariableDeclaration } from "acorn";
import type { CellNames } from "./names.ts";
import { topLevelReferences } from "./references.ts";
import type { Rewrite } from "./rewrite.ts";
import { children } from "./syntax.ts";

/*
 * A stripped namespace is `let N; (function (_N) { const a = _N.a = 1; })(N || (N = {}));`. Over the cells it adds to
 * what its name holds, as it does inside one file; and its exported variables are its properties, not copies of them.
 */

/** Namespaces of names that an earlier cell declared: a namespace too, a class, a function, an enum. */
export function continuedNamespaces(body: Program["body"], names: CellNames): Set<string> {
  const found = body.flatMap((statement, i) => {
    const name = emptyDeclaration(statement.type === "ExportNamedDeclaration" ? statement.declaration : statement);
    const next = body[i + 1];
    const call = next?.type === "ExpressionStatement" ? next.expression : null;
    if (name === null || call?.type !== "CallExpression" || namespaceCall(call) === null) return [];
    const [argument] = call.arguments;
    const isItsOwn = argument?.type === "LogicalExpression" && isNamed(argument.left, name);
    return isItsOwn && names.storage.has(name) ? [name] : [];
  });
  return new Set(found);
}

/** Variables that a namespace exports and may change are its properties. */
export function shareNamespaceVariables(cell: Rewrite, root: AnyNode): void {
  for (const node of children(root)) {
    const call = node.type === "CallExpression" ? namespaceCall(node) : null;
    if (call) shareVariables(cell, call);
    shareNamespaceVariables(cell, node);
  }
}

function shareVariables(cell: Rewrite, { maker, parameter }: Namespace): void {
  for (const statement of maker.body.body) {
    if (statement.type !== "VariableDeclaration" || statement.kind === "const") continue;
    const names = exportedVariables(statement, parameter);
    if (names.length !== statement.declarations.length) continue;
    // `let n = _N.n = 1` becomes `_N.n = 1`.
    const [first] = statement.declarations;
    const lastInit = statement.declarations.map(({ init }) => init?.start ?? 0);
    cell.out.remove(statement.start, first?.init?.start ?? statement.start);
    for (const [i, declarator] of statement.declarations.entries()) {
      if (i > 0) cell.out.remove(declarator.start, lastInit[i] ?? declarator.start);
    }
    const body: AnyNode = { ...maker.body, body: maker.body.body.filter((one) => one !== statement) };
    for (const { node, shorthand } of topLevelReferences({ ...body, type: "Program" } as Program, new Set(names))) {
      const member = `${parameter}.${node.name}`;
      cell.out.update(node.start, node.end, shorthand ? `${node.name}: ${member}` : member);
    }
  }
}

/** Names of declarators of the form `n = _N.n = …`. */
function exportedVariables(statement: VariableDeclaration, parameter: string): string[] {
  return statement.declarations.flatMap(({ id, init }) => {
    if (id.type !== "Identifier" || init?.type !== "AssignmentExpression") return [];
    const { left } = init;
    const isMember = left.type === "MemberExpression" && isNamed(left.object, parameter);
    return isMember && isNamed(left.property, id.name) ? [id.name] : [];
  });
}

interface Namespace {
  maker: FunctionExpression;
  parameter: string;
}

/** `(function (_N) { … })(N || (N = …))` */
function namespaceCall(node: AnyNode): Namespace | null {
  if (node.type !== "CallExpression" || !isNamespaceArgument(node)) return null;
  const { callee } = node;
  const [parameter] = callee.type === "FunctionExpression" ? callee.params : [];
  if (callee.type !== "FunctionExpression" || parameter?.type !== "Identifier") return null;
  return parameter.name.startsWith("_") ? { maker: callee, parameter: parameter.name } : null;
}

function isNamespaceArgument({ arguments: [argument] }: CallExpression): boolean {
  if (argument?.type !== "LogicalExpression" || argument.operator !== "||") return false;
  const { left, right } = argument;
  return left.type === "Identifier" && right.type === "AssignmentExpression" && isNamed(right.left, left.name);
}

function emptyDeclaration(statement: AnyNode | null | undefined): string | null {
  if (statement?.type !== "VariableDeclaration" || statement.declarations.length !== 1) return null;
  const [declarator] = statement.declarations;
  return declarator?.id.type === "Identifier" && !declarator.init ? declarator.id.name : null;
}

function isNamed(node: AnyNode, name: string): node is Identifier {
  return node.type === "Identifier" && node.name === name;
}
