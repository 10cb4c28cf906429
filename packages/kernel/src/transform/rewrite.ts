import type { AnyNode, Program } from "acorn";
import type { MagicString } from "magic-string";
import { type CellNames, type Declared, type Storage, shadowName } from "./names.ts";

/** What every name begins with that is no cell's own. */
export const GENERATED = "__opsbook_";

/** The functions a rewritten cell calls. Long and odd enough that no cell declares them by accident. */
export const RUNTIME = {
  /** `go(await x)`: hands x on, or throws when the cell that runs this was interrupted. */
  go: "__opsbook_go",
  /** `await wait(x)`: at the top level, also ends when the cell is interrupted. */
  wait: "__opsbook_wait",
  /** `for await (… of each(x))` at the top level: ends when the cell is interrupted. */
  each: "__opsbook_each",
  /** `import()` from the notebook's folder. */
  import: "__opsbook_import",
  /** A static import: the namespace, after a check that the names a cell uses are there. */
  module: "__opsbook_module",
  meta: "__opsbook_meta",
  /** `using` at the top level: disposed when the cell ends. */
  use: "__opsbook_use",
  useAsync: "__opsbook_use_async",
  /** `setTimeout(own(f))`: f does not run when the cell that set the timer was interrupted. */
  own: "__opsbook_own",
  decorators: "__opsbook_decorators",
  /** Assigning a property of it is what assigning a constant becomes. */
  constants: "__opsbook_constants",
  /** What a namespace adds its members to: the value its name has, or nothing. */
  namespace: "__opsbook_namespace",
} as const;

export type ImportUse = "value" | "type" | "none";

/** What the rewriting steps share about one cell. */
export interface Rewrite {
  readonly code: string;
  readonly program: Program;
  readonly out: MagicString;
  readonly names: CellNames;
  readonly declared: Declared;
  /** Names this cell imports, and whether it uses them as values, at most as types, or not at all. */
  readonly imported: ReadonlyMap<string, ImportUse>;
  /** Namespaces that add to what an earlier cell made. */
  readonly continued: ReadonlySet<string>;
}

export function storageOf(cell: Rewrite, name: string, natural: Storage): Storage {
  return cell.names.storage.get(name) ?? cell.declared.storage.get(name) ?? natural;
}

export function declare(cell: Rewrite, name: string, storage: Storage): void {
  if (!name.startsWith(GENERATED) && !cell.names.storage.has(name)) cell.declared.storage.set(name, storage);
}

/** The name as the engine has it. */
export function bound(cell: Rewrite, name: string): string {
  return cell.names.shadowed.has(name) || cell.declared.shadowed.has(name) ? shadowName(name) : name;
}

export function textOf(cell: Rewrite, node: AnyNode): string {
  return cell.code.slice(node.start, node.end);
}
