import type { AnyNode, AssignmentProperty, Identifier, Property } from "acorn";
import { boundNames, children, hoistedNames, isFunction, lexicalNames } from "./syntax.ts";

export interface Reference {
  node: Identifier;
  /** The `{ name }` this identifier is the whole of, in an expression or a pattern. */
  shorthand: Property | AssignmentProperty | null;
}

/** Every identifier in `root` that means one of `names` at the top level, bindings included, local ones left out. */
export function topLevelReferences(root: AnyNode, names: ReadonlySet<string>): Reference[] {
  const found: Reference[] = [];
  const visit = (node: AnyNode, local: ReadonlySet<string>, shorthand: Property | AssignmentProperty | null): void => {
    if (node.type === "Identifier") {
      if (names.has(node.name) && !local.has(node.name)) found.push({ node, shorthand });
      return;
    }
    const inner = extend(local, declaredBy(node));
    for (const child of children(node)) {
      if (!isPlainName(node, child)) visit(child, inner, carriedShorthand(node, child, shorthand));
    }
  };
  visit(root, new Set(), null);
  return found;
}

function extend(local: ReadonlySet<string>, names: readonly string[]): ReadonlySet<string> {
  return names.length === 0 ? local : new Set([...local, ...names]);
}

function declaredBy(node: AnyNode): string[] {
  switch (node.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression": {
      const own = node.type === "FunctionExpression" && node.id ? [node.id.name] : [];
      const body =
        node.body.type === "BlockStatement" ? [...hoistedNames(node.body), ...lexicalNames(node.body.body)] : [];
      return [...own, ...node.params.flatMap(boundNames), ...body];
    }
    case "ClassExpression":
      return node.id ? [node.id.name] : [];
    case "BlockStatement":
    case "StaticBlock":
      return [...lexicalNames(node.body), ...(node.type === "StaticBlock" ? node.body.flatMap(hoistedNames) : [])];
    case "SwitchStatement":
      return lexicalNames(node.cases.flatMap((one) => one.consequent));
    case "ForStatement":
      return node.init ? lexicalNames([node.init]) : [];
    case "ForInStatement":
    case "ForOfStatement":
      return lexicalNames([node.left]);
    case "CatchClause":
      return node.param ? boundNames(node.param) : [];
    default:
      return [];
  }
}

/** Identifiers that name a property, a label or a module's export rather than a variable. */
function isPlainName(parent: AnyNode, child: AnyNode): boolean {
  switch (parent.type) {
    case "MemberExpression":
      return child === parent.property && !parent.computed;
    case "Property":
      return parent.shorthand
        ? child === parent.key && child !== parent.value
        : child === parent.key && !parent.computed;
    case "MethodDefinition":
    case "PropertyDefinition":
      return child === parent.key && !parent.computed;
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
      return child === parent.label;
    case "MetaProperty":
    case "ImportDeclaration":
    case "ExportSpecifier":
    case "ExportAllDeclaration":
      return true;
    default:
      return false;
  }
}

/** `{ a }` and `{ a = 1 }` hold their one identifier as value, the second below an AssignmentPattern. */
function carriedShorthand(parent: AnyNode, child: AnyNode, above: Reference["shorthand"]): Reference["shorthand"] {
  if (parent.type === "Property" && parent.shorthand && !isFunction(child)) return parent;
  if (parent.type === "AssignmentPattern" && child === parent.left) return above;
  return null;
}
