import type { AnyNode, AssignmentExpression, Identifier, Pattern, Program } from "acorn";
import type { Kind } from "./names.ts";
import { topLevelReferences } from "./references.ts";
import { bound, GENERATED, type Rewrite, RUNTIME } from "./rewrite.ts";
import { boundNames, children, hoistedNames } from "./syntax.ts";

/*
 * A `const` is a `let` for the engine, so that a later cell can declare it again. Assigning it is an error all the
 * same, thrown where and when a constant's assignment throws: behind the value, by a property that cannot be set.
 */

/** The names a cell declares at its top level, and what may be done with them. */
export function declaredKinds(program: Program): Map<string, Kind> {
  return new Map(program.body.flatMap(kindsOf).filter(([name]) => !name.startsWith(GENERATED)));
}

function kindsOf(statement: AnyNode): [string, Kind][] {
  const all = (names: readonly string[], kind: Kind): [string, Kind][] => names.map((name) => [name, kind]);
  switch (statement.type) {
    case "VariableDeclaration":
      return all(
        statement.declarations.flatMap((declarator) => boundNames(declarator.id)),
        kindOf(statement.kind),
      );
    case "FunctionDeclaration":
    case "ClassDeclaration":
      return all(statement.id ? [statement.id.name] : [], "variable");
    case "ImportDeclaration":
      return all(
        statement.specifiers.map((specifier) => specifier.local.name),
        "constant",
      );
    case "ExportNamedDeclaration":
    case "ExportDefaultDeclaration":
      return statement.declaration ? kindsOf(statement.declaration) : [];
    default:
      return all(hoistedNames(statement), "variable");
  }
}

function kindOf(keyword: string): Kind {
  if (keyword === "const") return "constant";
  return keyword === "using" || keyword === "await using" ? "resource" : "variable";
}

/** Turns assignments of constants, of this cell and of earlier ones, into what throws. */
export function rewriteConstantAssignments(cell: Rewrite): void {
  const constants = new Set(cell.names.kinds.keys());
  for (const [name, kind] of cell.declared.kinds) {
    if (kind === "variable") constants.delete(name);
    else constants.add(name);
  }
  if (constants.size === 0) return;
  const targets = assignedIdentifiers(cell.program).filter(({ target }) => constants.has(target.name));
  if (targets.length === 0) return;
  const names = new Set(targets.map(({ target }) => target.name));
  const references = new Map(topLevelReferences(cell.program, names).map((one) => [one.node, one]));
  for (const { target, assignment } of targets) {
    const reference = references.get(target);
    if (!reference) continue;
    const refused = `${RUNTIME.constants}.${target.name}`;
    cell.out.update(target.start, target.end, reference.shorthand ? `${target.name}: ${refused}` : refused);
    if (assignment) rewriteConditional(cell, assignment, target);
  }
}

/** `a ||= b` assigns only where a is falsy. */
function rewriteConditional(cell: Rewrite, assignment: AssignmentExpression, target: Identifier): void {
  const operator = /^(\|\||&&|\?\?)=$/.exec(assignment.operator)?.[1];
  if (operator === undefined) return;
  const at = cell.code.indexOf(assignment.operator, target.end);
  cell.out.appendRight(assignment.start, `(${bound(cell, target.name)} ${operator} (`);
  cell.out.update(at, at + assignment.operator.length, "=");
  cell.out.appendLeft(assignment.end, "))");
}

interface Target {
  target: Identifier;
  /** Where the target is the whole left side of it. */
  assignment?: AssignmentExpression;
}

function assignedIdentifiers(node: AnyNode): Target[] {
  return [...ownTargets(node), ...children(node).flatMap(assignedIdentifiers)];
}

function ownTargets(node: AnyNode): Target[] {
  switch (node.type) {
    case "AssignmentExpression":
      if (node.left.type === "Identifier") return [{ target: node.left, assignment: node }];
      return patternTargets(node.left);
    case "UpdateExpression":
      return node.argument.type === "Identifier" ? [{ target: node.argument }] : [];
    case "ForInStatement":
    case "ForOfStatement":
      return node.left.type === "VariableDeclaration" ? [] : patternTargets(node.left);
    default:
      return [];
  }
}

function patternTargets(pattern: Pattern): Target[] {
  switch (pattern.type) {
    case "Identifier":
      return [{ target: pattern }];
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        patternTargets(property.type === "RestElement" ? property.argument : property.value),
      );
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => (element ? patternTargets(element) : []));
    case "RestElement":
      return patternTargets(pattern.argument);
    case "AssignmentPattern":
      return patternTargets(pattern.left);
    case "MemberExpression":
      return [];
    default:
      return pattern satisfies never;
  }
}
