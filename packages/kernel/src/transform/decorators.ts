import { createRequire } from "node:module";
import { type AnyNode, type Identifier, type Program, parse } from "acorn";
import { MagicString } from "magic-string";
import { originalPosition } from "./positions.ts";
import { topLevelReferences } from "./references.ts";
import { GENERATED } from "./rewrite.ts";
import { CellSyntaxError, type Mappings, positionAt, type Stripped } from "./strip.ts";
import { children } from "./syntax.ts";

/*
 * The transformer that strips types lowers only TypeScript's experimental decorators. esbuild lowers those of the
 * language; it is a process of its own, so it is loaded and started for code that has some and for no other.
 */

const require = createRequire(import.meta.url);

/** Cells so far: instances of a class go on using what esbuild names `_init` in every one. */
let lowered = 0;

/** Lowers decorators of a cell. The names that lowering adds belong to this run of it. Throws `CellSyntaxError`. */
export function lowerDecorators(stripped: Stripped): Stripped {
  const { program, out, printed } = lower(stripped);
  const added = new Set(program.body.flatMap(declaredNames).flatMap((id) => (isOwn(printed, id) ? [] : [id.name])));
  const prefix = `${GENERATED}${++lowered}`;
  for (const { node, shorthand } of topLevelReferences(program, added)) {
    const renamed = prefix + node.name;
    out.update(node.start, node.end, shorthand ? `${node.name}: ${renamed}` : renamed);
  }
  for (const statement of program.body) {
    const names = declaredNames(statement);
    const isAdded = names.length > 0 && names.every(({ name }) => added.has(name));
    // Not on the global object.
    if (isAdded && printed.code.startsWith("var", statement.start)) {
      out.update(statement.start, statement.start + "var".length, "let");
    }
  }
  if (isCallOf(program.body.at(-1), added)) out.append("void 0;");
  return { ...chained(out, printed, stripped), shift: stripped.shift };
}

/** Lowers decorators of a file, whose top level is its own. Throws `CellSyntaxError`. */
export function lowerFile(stripped: Stripped): { code: string; map: Mappings } {
  const { out, printed } = lower(stripped);
  return chained(out, printed, stripped);
}

const OPTIONS = {
  loader: "js",
  target: "esnext",
  supported: { decorators: false },
  sourcemap: "external",
  sourcesContent: false,
  charset: "utf8",
  logLevel: "silent",
} as const;

/** What esbuild printed, and from what. */
interface Printed {
  code: string;
  map: Mappings;
  /** Lines of the JavaScript that it read. */
  lines: readonly string[];
}

function lower(stripped: Stripped): { program: Program; out: MagicString; printed: Printed } {
  const printed = print(stripped);
  const program = parse(printed.code, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
  const out = new MagicString(printed.code);
  restoreClassNames(program, out, printed);
  return { program, out, printed };
}

function print({ code, map }: Stripped): Printed {
  const esbuild: typeof import("esbuild") = require("esbuild");
  try {
    const result = esbuild.transformSync(code, OPTIONS);
    return { code: result.code, map: JSON.parse(result.map) as Mappings, lines: code.split("\n") };
  } catch (error) {
    const [first] = error instanceof Error && "errors" in error ? (error.errors as EsbuildError[]) : [];
    if (!first) throw error;
    const at = first.location && originalPosition(map, placeOf(first.location));
    throw new CellSyntaxError(explained(first.text), at);
  }
}

interface EsbuildError {
  text: string;
  /** `line` from 1, `column` in bytes of UTF-8 from 0. */
  location: { line: number; column: number; lineText: string } | null;
}

function placeOf({ line, column, lineText }: NonNullable<EsbuildError["location"]>) {
  return { line, column: Buffer.from(lineText).subarray(0, column).toString().length + 1 };
}

function explained(message: string): string {
  return message.startsWith("Parameter decorators")
    ? 'Decorators of parameters are experimental ones: set "experimentalDecorators": true in the tsconfig.json beside the notebook.'
    : message;
}

/** A class that names itself is printed as `_C = class _C`: names in stacks and of the class are the person's. */
function restoreClassNames(node: AnyNode, out: MagicString, printed: Printed): void {
  if (node.type === "ClassExpression" && node.id && !isOwn(printed, node.id)) {
    const { id } = node;
    const name = /^[\p{ID_Continue}$]+/u.exec(sourceOf(printed, id))?.[0];
    if (name && id.name.replace(/\d*$/, "") === `_${name}`) {
      const inside = [node.superClass, node.body].flatMap((part) =>
        part ? topLevelReferences(part, new Set([id.name])) : [],
      );
      out.update(id.start, id.end, name);
      for (const { node: reference, shorthand } of inside) {
        out.update(reference.start, reference.end, shorthand ? `${id.name}: ${name}` : name);
      }
    }
  }
  for (const child of children(node)) restoreClassNames(child, out, printed);
}

/** The source from where a name is said to come from. */
function sourceOf({ code, map, lines }: Printed, id: Identifier): string {
  const from = originalPosition(map, positionAt(code, id.start));
  return from ? (lines[from.line - 1] ?? "").slice(from.column - 1) : "";
}

/** Whether the person wrote this name, rather than esbuild. */
const isOwn = (printed: Printed, id: Identifier): boolean => sourceOf(printed, id).startsWith(id.name);

function declaredNames(statement: AnyNode): Identifier[] {
  if (statement.type !== "VariableDeclaration") return [];
  return statement.declarations.flatMap(({ id }) => (id.type === "Identifier" ? [id] : []));
}

/** A step of a class declaration, which has no value. */
function isCallOf(statement: AnyNode | undefined, names: ReadonlySet<string>): boolean {
  if (statement?.type !== "ExpressionStatement") return false;
  const steps = statement.expression.type === "SequenceExpression" ? statement.expression.expressions : [];
  const last = steps.at(-1) ?? statement.expression;
  return last.type === "CallExpression" && last.callee.type === "Identifier" && names.has(last.callee.name);
}

/** The changed code with one map for all three steps. */
function chained(out: MagicString, printed: Printed, stripped: Stripped): { code: string; map: Mappings } {
  const remapping: typeof import("@jridgewell/remapping").default = require("@jridgewell/remapping");
  const steps: Mappings[] = [out.generateMap({ hires: "boundary" }), printed.map, stripped.map];
  const inputs = steps.map(({ names, mappings }) => ({ version: 3 as const, names, mappings, sources: ["source"] }));
  const { names, mappings } = remapping(inputs, () => null);
  return { code: out.toString(), map: { names, mappings: String(mappings) } };
}
