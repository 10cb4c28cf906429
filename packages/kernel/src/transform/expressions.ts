import type { AnyNode, Program } from "acorn";
import { topLevelReferences } from "./references.ts";
import { type Rewrite, RUNTIME } from "./rewrite.ts";
import { children, isFunction } from "./syntax.ts";

/** `await`, `for await`, `import()`, `import.meta` and TypeScript's decorators, wherever they stand. */
export function rewriteExpressions(cell: Rewrite, root: AnyNode, insideFunction = false): void {
  for (const child of children(root)) {
    rewriteExpression(cell, child, insideFunction);
    rewriteExpressions(cell, child, insideFunction || isFunction(child) || child.type === "ClassBody");
  }
}

function rewriteExpression(cell: Rewrite, node: AnyNode, insideFunction: boolean): void {
  const { out } = cell;
  switch (node.type) {
    case "AwaitExpression":
      out.appendRight(node.start, `${RUNTIME.go}(`);
      if (!insideFunction) out.appendLeft(node.start + "await".length, ` ${RUNTIME.wait}(`);
      // Where it stands, for errors of libraries whose stack does not lead back here.
      out.appendLeft(node.end, insideFunction ? ")" : `, ${node.start}))`);
      return;
    case "ForOfStatement":
      if (!node.await) return;
      if (!insideFunction) {
        out.appendRight(node.right.start, `${RUNTIME.each}(`);
        out.appendLeft(node.right.end, ")");
      }
      if (node.body.type === "BlockStatement") {
        out.appendLeft(node.body.start + 1, `${RUNTIME.go}();`);
      } else {
        out.appendRight(node.body.start, `{${RUNTIME.go}();`);
        out.appendLeft(node.body.end, "}");
      }
      return;
    case "ImportExpression":
      out.update(node.start, node.start + "import".length, RUNTIME.import);
      return;
    case "MetaProperty":
      if (node.meta.name === "import") out.update(node.start, node.end, RUNTIME.meta);
      return;
    case "Identifier":
      if (node.name === "babelHelpers") out.update(node.start, node.end, RUNTIME.decorators);
      return;
    default:
      return;
  }
}

const TIMERS = ["setTimeout", "setInterval", "setImmediate"];

/** Callbacks that a cell itself hands to a timer; a library's timers may serve other cells too. */
export function rewriteTimers(cell: Rewrite, program: Program): void {
  const names = TIMERS.filter((name) => !cell.declared.kinds.has(name) && !cell.names.shadowed.has(name));
  const meant = new Set<AnyNode>(topLevelReferences(program, new Set(names)).map(({ node }) => node));
  if (meant.size === 0) return;
  const visit = (node: AnyNode): void => {
    const [callback] = node.type === "CallExpression" && meant.has(node.callee) ? node.arguments : [];
    if (callback && callback.type !== "SpreadElement") {
      cell.out.appendRight(callback.start, `${RUNTIME.own}(`);
      cell.out.appendLeft(callback.end, ")");
    }
    children(node).forEach(visit);
  };
  visit(program);
}
