import { blankMagics } from "./magics.ts";
import { type CellNames, type Declared, namesOf } from "./names.ts";
import { closing, tokenize } from "./tokens.ts";

export interface CellText {
  id: string;
  source: string;
}

/** A name of an earlier cell as a later one sees it. Its place may be an old one: the cell itself has the current. */
export interface Origin {
  cellId: string;
  declared: Declared;
}

/**
 * One cell as a TypeScript module of its own: its text unshifted, then a tail that closes what is open, exports what
 * the cell declares and imports what the cells above declared last. So every cell sees the names before it, and a
 * name declared anew is a new one from there on.
 */
export interface CellModule {
  readonly id: string;
  readonly source: string;
  /** What the compiler is given. */
  readonly text: string;
  /** Where the tail begins. */
  readonly tailAt: number;
  readonly names: CellNames;
  /** Names of earlier cells that the tail brings in. */
  readonly imports: ReadonlyMap<string, Origin>;
  /** Brackets that are never closed; the tail closes them, so the compiler does not complain. */
  readonly open: readonly { at: number; text: string }[];
}

export interface CompileOptions {
  /** Cells that get every name there is, for completion; the others get those they use. */
  complete: ReadonlySet<string>;
  /** Results of an earlier call, by cell id: what did not change is not looked at again. */
  before: ReadonlyMap<string, CellModule>;
}

export const moduleName = (cellId: string) => `cell-${cellId}`;

/** The modules of a notebook's code cells, in their order. */
export function compileCells(cells: readonly CellText[], options: CompileOptions): CellModule[] {
  const scope = new Map<string, Origin>();
  return cells.map((cell) => {
    const before = options.before.get(cell.id);
    const own = before?.source === cell.source ? before : null;
    // Whether `!word` is a command depends on the names above.
    const isSame = own !== null && !/[!%]|\?\s*;?\s*$/m.test(cell.source);
    const code = isSame
      ? own.text.slice(0, own.tailAt)
      : blankMagics(cell.source, (word) => isKnown(word, scope, cell));
    const names = isSame ? own.names : namesOf(code);
    const imports = importsOf(names, scope, options.complete.has(cell.id));
    for (const declared of names.declared) scope.set(declared.name, { cellId: cell.id, declared });
    if (isSame && sameImports(own.imports, imports)) return own;
    const tokens = tokenize(code);
    const text = `${code}\n${closing(tokens)}\n;${tail(names, imports)}\n`;
    if (own?.text === text) return own;
    return { ...cell, text, tailAt: code.length, names, imports, open: tokens.open };
  });
}

function isKnown(word: string, scope: ReadonlyMap<string, Origin>, { source }: CellText): boolean {
  if (scope.has(word) || word in globalThis) return true;
  return new RegExp(
    String.raw`\b(?:const|let|var|function|class|import)\s+\{?\s*${word.replaceAll("$", "\\$")}\b`,
  ).test(source);
}

function importsOf(names: CellNames, scope: ReadonlyMap<string, Origin>, all: boolean): Map<string, Origin> {
  const own = new Set(names.declared.map(({ name }) => name));
  const imports = new Map<string, Origin>();
  for (const [name, origin] of all ? scope : wanted(names.used, scope)) if (!own.has(name)) imports.set(name, origin);
  return imports;
}

function* wanted(used: ReadonlySet<string>, scope: ReadonlyMap<string, Origin>): Iterable<[string, Origin]> {
  for (const name of used) {
    const origin = scope.get(name);
    if (origin) yield [name, origin];
  }
}

function sameImports(a: ReadonlyMap<string, Origin>, b: ReadonlyMap<string, Origin>): boolean {
  if (a.size !== b.size) return false;
  for (const [name, { cellId, declared }] of b) {
    const other = a.get(name);
    if (other?.cellId !== cellId || other.declared.kind !== declared.kind) return false;
  }
  return true;
}

function tail({ declared, used }: CellNames, imports: ReadonlyMap<string, Origin>): string {
  const exports = declared.filter(({ exported }) => !exported).map(({ name }) => name);
  const lines = [`export { ${exports.join(", ")} };`];
  const fixed = new Map<string, string[]>();
  for (const [name, { cellId, declared: its }] of imports) {
    const from = `./${moduleName(cellId)}`;
    // An import cannot be assigned to.
    if (its.kind === "variable") lines.push(`declare let ${name}: typeof import("${from}").${name};`);
    else fixed.set(from, [...(fixed.get(from) ?? []), name]);
  }
  for (const [from, names] of fixed) lines.push(`import { ${names.join(", ")} } from "${from}";`);
  for (const name of used) if (/^_\d+$/.test(name)) lines.push(`declare const ${name}: any;`);
  return lines.join("\n");
}
