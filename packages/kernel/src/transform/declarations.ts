import type { AnyNode, ClassDeclaration, FunctionDeclaration, VariableDeclaration } from "acorn";
import type { Storage } from "./names.ts";
import { bound, declare, type Rewrite, RUNTIME, storageOf } from "./rewrite.ts";
import { boundNames, children, isFunction } from "./syntax.ts";

/*
 * V8's REPL mode takes `let` over `let` and `var` over `var`, and refuses every other pair. So a name keeps the kind of
 * storage its first declaration gave it, and later declarations are turned into that kind.
 */

/** A top-level `let`, `const`, `var`, `using` statement. */
export function rewriteVariables(cell: Rewrite, statement: VariableDeclaration): void {
  const names = statement.declarations.flatMap((declarator) => boundNames(declarator.id));
  const natural: Storage = statement.kind === "var" ? "property" : "lexical";
  const fresh = names.filter((name) => !known(cell, name));
  const storages = new Set(names.map((name) => storageOf(cell, name, natural)));
  resetEnums(cell, statement);
  for (const name of names) declare(cell, name, storageOf(cell, name, natural));
  const keyword = cell.code.slice(statement.start, statement.declarations[0]?.start ?? statement.start);
  if (storages.size <= 1 && (natural === "lexical" || !storages.has("lexical"))) {
    const property = storages.has("property");
    replaceKeyword(cell, statement, keyword, property ? "var" : "let");
    if (natural === "lexical") initialise(cell, statement, { resets: property });
    return;
  }
  const lexical = names.filter((name) => natural === "lexical" && storageOf(cell, name, natural) === "lexical");
  const prefix = [
    ...(lexical.length > 0 ? [`let ${lexical.map((name) => bound(cell, name)).join(", ")};`] : []),
    ...(natural === "property" && fresh.length > 0
      ? [`var ${fresh.map((name) => bound(cell, name)).join(", ")};`]
      : []),
  ].join(" ");
  toAssignments(cell, statement, { prefix, keyword, resets: natural === "lexical" });
}

/** `var` below the top level, which still declares a name of the session. */
export function rewriteNestedVars(cell: Rewrite, root: AnyNode): void {
  if (isFunction(root) || root.type === "ClassBody") return;
  for (const child of children(root)) {
    if (child.type === "VariableDeclaration" && child.kind === "var") rewriteNestedVar(cell, root, child);
    rewriteNestedVars(cell, child);
  }
}

function rewriteNestedVar(cell: Rewrite, parent: AnyNode, statement: VariableDeclaration): void {
  const names = statement.declarations.flatMap((declarator) => boundNames(declarator.id));
  const lexical = names.some((name) => storageOf(cell, name, "property") === "lexical");
  const fresh = names.filter((name) => !known(cell, name));
  for (const name of names) declare(cell, name, storageOf(cell, name, "property"));
  if (!lexical) return;
  for (const name of fresh) cell.out.prependLeft(0, `var ${bound(cell, name)};`);
  const keyword = cell.code.slice(statement.start, statement.declarations[0]?.start ?? statement.start);
  const isHead = (parent.type === "ForInStatement" || parent.type === "ForOfStatement") && parent.left === statement;
  if (isHead) cell.out.remove(statement.start, statement.start + keyword.length);
  else toAssignments(cell, statement, { prefix: "", keyword, resets: false });
}

export function rewriteFunction(cell: Rewrite, statement: FunctionDeclaration): void {
  const name = statement.id.name;
  const storage = storageOf(cell, name, "property");
  declare(cell, name, storage);
  if (storage === "property") return;
  // A declared function is there before the first statement runs, so its assignment goes to the top.
  cell.out.remove(statement.id.start, statement.id.end);
  cell.out.appendRight(statement.start, `let ${bound(cell, name)} = `);
  cell.out.appendLeft(statement.end, ";");
  if (statement.start > 0) cell.out.move(statement.start, statement.end, 0);
}

export function rewriteClass(cell: Rewrite, statement: ClassDeclaration): void {
  const name = statement.id.name;
  const storage = storageOf(cell, name, "lexical");
  declare(cell, name, storage);
  if (storage === "lexical") return;
  cell.out.appendRight(statement.start, `var ${bound(cell, name)} = `);
  cell.out.appendLeft(statement.end, ";");
}

/** A stripped enum adds to what its name held, which is right inside a cell and keeps old members over a re-run. */
function resetEnums(cell: Rewrite, statement: VariableDeclaration): void {
  for (const { id, init } of statement.declarations) {
    if (id.type !== "Identifier" || cell.declared.storage.has(id.name) || init?.type !== "CallExpression") continue;
    const [argument] = init.arguments;
    if (init.callee.type !== "FunctionExpression" || argument?.type !== "LogicalExpression") continue;
    const { left, right, operator } = argument;
    if (operator !== "||" || left.type !== "Identifier" || left.name !== id.name) continue;
    if (right.type === "ObjectExpression" && right.properties.length === 0) {
      cell.out.remove(left.start, right.start);
    }
  }
}

function known(cell: Rewrite, name: string): boolean {
  return cell.names.storage.has(name) || cell.declared.storage.has(name);
}

function replaceKeyword(cell: Rewrite, statement: VariableDeclaration, keyword: string, wanted: "let" | "var"): void {
  const word = keyword.trimEnd();
  if (word !== wanted) cell.out.update(statement.start, statement.start + word.length, wanted);
}

/** `let x;` makes x undefined where `var x;` would leave it; a namespace goes on with what is there. */
function initialise(cell: Rewrite, statement: VariableDeclaration, { resets }: { resets: boolean }): void {
  for (const { id, init } of statement.declarations) {
    if (init) continue;
    if (id.type === "Identifier" && cell.continued.has(id.name)) {
      cell.out.appendLeft(id.end, ` = ${RUNTIME.namespace}(() => ${bound(cell, id.name)})`);
    } else if (resets) cell.out.appendLeft(id.end, " = undefined");
  }
}

function toAssignments(
  cell: Rewrite,
  statement: VariableDeclaration,
  how: { prefix: string; keyword: string; resets: boolean },
): void {
  cell.out.update(statement.start, statement.start + how.keyword.length, `${how.prefix}(`);
  for (const { id, init } of statement.declarations) {
    if (init) continue;
    if (how.resets) cell.out.appendLeft(id.end, " = undefined");
    else cell.out.update(id.start, id.end, "void 0");
  }
  cell.out.appendLeft(statement.declarations.at(-1)?.end ?? statement.end, ")");
}
