import type { AnyNode, Pattern, Program } from "acorn";

/** A statement of a program, or what an `export` wraps. */
export type TopLevel = Program["body"][number];

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

export function children(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) found.push(item);
    } else if (isNode(value)) {
      found.push(value);
    }
  }
  return found;
}

export function isFunction(node: AnyNode): boolean {
  return (
    node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression"
  );
}

/** The names a binding pattern binds, in order. */
export function boundNames(pattern: Pattern): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === "RestElement" ? property.argument : property.value),
      );
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => (element ? boundNames(element) : []));
    case "RestElement":
      return boundNames(pattern.argument);
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "MemberExpression":
      return [];
    default:
      return pattern satisfies never;
  }
}

/** Names that `var` hoists out of a statement, functions excluded. */
export function hoistedNames(node: AnyNode): string[] {
  if (isFunction(node) || node.type === "ClassBody") return [];
  const own =
    node.type === "VariableDeclaration" && node.kind === "var"
      ? node.declarations.flatMap((declarator) => boundNames(declarator.id))
      : [];
  return [...own, ...children(node).flatMap(hoistedNames)];
}

/** Names a list of statements declares for its own block. */
export function lexicalNames(body: readonly AnyNode[]): string[] {
  return body.flatMap((node) => {
    if (node.type === "VariableDeclaration" && node.kind !== "var") {
      return node.declarations.flatMap((declarator) => boundNames(declarator.id));
    }
    const named = node.type === "FunctionDeclaration" || node.type === "ClassDeclaration";
    return named && node.id ? [node.id.name] : [];
  });
}
