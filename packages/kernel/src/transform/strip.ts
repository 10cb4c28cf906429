import { type HelperMode, type OxcError, type SourceMap, transformSync } from "oxc-transform";

export type Mappings = Pick<SourceMap, "names" | "mappings">;

export interface Stripped {
  code: string;
  map: Mappings;
  /** Characters put before the first line's first column. */
  shift: number;
}

export interface SourcePosition {
  /** From 1. */
  line: number;
  /** From 1, in UTF-16 units. */
  column: number;
}

/** A cell that does not parse. */
export class CellSyntaxError extends SyntaxError {
  override readonly name = "SyntaxError";
  readonly position: SourcePosition | null;

  constructor(message: string, position: SourcePosition | null) {
    super(message);
    this.position = position;
  }
}

const OPTIONS = {
  lang: "ts",
  sourceType: "module",
  sourcemap: true,
  // An import that only a later cell uses must stay.
  typescript: { onlyRemoveTypeImports: true },
  // Decorators call `babelHelpers`, which a later step renames to the kernel's own.
  helpers: { mode: "External" as HelperMode },
} as const;

const EXPERIMENTAL = { ...OPTIONS, decorator: { legacy: true } };

/** Of a transformation: whether it lowers TypeScript's experimental decorators, which it leaves as they are without. */
interface StripOptions {
  experimental?: boolean;
}

/** TypeScript to JavaScript. A cell that is nothing but `{ … }` is taken for an object when it reads as one. */
export function stripTypes(source: string, { experimental = false }: StripOptions = {}): Stripped {
  const options = experimental ? EXPERIMENTAL : OPTIONS;
  if (/^\s*\{[\s\S]*\}\s*$/.test(source)) {
    const object = transformSync("cell.ts", `(${source}\n)`, options);
    if (object.errors.length === 0 && object.map) return { code: object.code, map: object.map, shift: 1 };
  }
  const { code, map, errors } = transformSync("cell.ts", source, options);
  const error = errors.find((one) => one.severity === "Error");
  if (error || !map) throw toSyntaxError(source, error);
  const completed = withNamespaceValues(source, errors);
  return completed === source ? { code, map, shift: 0 } : stripTypes(completed, { experimental });
}

/**
 * `export let x: T;` of a namespace gets the value it has anyway: stripped without one, nothing says that it is
 * exported. The transformer warns of every variable that a namespace exports.
 */
function withNamespaceValues(source: string, warnings: readonly OxcError[]): string {
  let text = source;
  const variables = warnings.filter(({ message }) => message.startsWith("Namespaces exporting non-const"));
  const spans = variables.flatMap(({ labels }) => labels).toSorted((a, b) => b.start - a.start);
  for (const { start, end } of spans) {
    const at = utf16Offset(source, end);
    const hasValue = /(^|[^=!<>])=(?![=>])/.test(source.slice(utf16Offset(source, start), at));
    if (!hasValue) text = `${text.slice(0, at)} = undefined${text.slice(at)}`;
  }
  return text;
}

export function parses(source: string): boolean {
  return !transformSync("cell.ts", source, OPTIONS).errors.some(({ severity }) => severity === "Error");
}

function toSyntaxError(source: string, error: OxcError | undefined): CellSyntaxError {
  const label = error?.labels.at(-1);
  const detail = [error?.message ?? "The cell could not be read.", error?.helpMessage].filter(Boolean).join(" ");
  const jsx = /<\/[A-Za-z][\w.]*>|<[A-Za-z][\w.]*(?:\s[^<>]*)?\/>/.test(source);
  const message = jsx ? `${detail} (JSX is not TypeScript: cells take no JSX.)` : detail;
  return new CellSyntaxError(message, label ? positionAt(source, utf16Offset(source, label.start)) : null);
}

/** The parser counts bytes of UTF-8. */
function utf16Offset(source: string, bytes: number): number {
  return Buffer.from(source).subarray(0, bytes).toString().length;
}

export function positionAt(source: string, offset: number): SourcePosition {
  const before = source.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - (before.lastIndexOf("\n") + 1) + 1 };
}
