import { type CellModule, type CellText, compileCells } from "./code/module.ts";
import { Lines, type Position } from "./code/positions.ts";
import type { Compiler } from "./lsp/compiler.ts";
import type { LspRange } from "./lsp/schemas.ts";
import type { Project } from "./project.ts";

/** Cells that were asked about last see all names there are. */
const MOST_COMPLETE = 3;

/** What the compiler was told of a notebook's cells. The session's state is followed, never copied ahead of it. */
export class Documents {
  readonly #compiler: Compiler;
  readonly #project: Project;
  readonly #cells: () => readonly CellText[];
  readonly #opened = new Map<string, { text: string; version: number }>();
  readonly #stamps = new Map<string, { module: CellModule; of: string; stamp: number }>();
  #modules: ReadonlyMap<string, CellModule> = new Map();
  #complete: string[] = [];
  #generation = 0;
  #stamp = 0;

  constructor(compiler: Compiler, project: Project, cells: () => readonly CellText[]) {
    this.#compiler = compiler;
    this.#project = project;
    this.#cells = cells;
  }

  /** The modules as the compiler knows them now, in the notebook's order. `complete`: a cell that needs every name. */
  async sync(complete?: string): Promise<ReadonlyMap<string, CellModule>> {
    await this.#compiler.start();
    if (this.#generation !== this.#compiler.generation) this.#opened.clear();
    this.#generation = this.#compiler.generation;
    if (complete !== undefined && this.#complete[0] !== complete)
      this.#complete = [complete, ...this.#complete.filter((id) => id !== complete)].slice(0, MOST_COMPLETE);
    const modules = compileCells(this.#cells(), { complete: new Set(this.#complete), before: this.#modules });
    for (const module of modules) this.#tell(module);
    this.#modules = new Map(modules.map((module) => [module.id, module]));
    for (const id of [...this.#opened.keys()]) if (!this.#modules.has(id)) this.#close(id);
    return this.#modules;
  }

  get modules(): ReadonlyMap<string, CellModule> {
    return this.#modules;
  }

  /** For each cell a number that changes when its module or one it builds on does. */
  stamps(): ReadonlyMap<string, number> {
    const stamps = new Map<string, number>();
    for (const module of this.#modules.values()) {
      const origins = new Set([...module.imports.values()].map(({ cellId }) => cellId));
      const of = [...origins].map((cellId) => `${cellId} ${stamps.get(cellId)}`).join();
      const before = this.#stamps.get(module.id);
      if (before?.module === module && before.of === of) {
        stamps.set(module.id, before.stamp);
        continue;
      }
      this.#stamp += 1;
      stamps.set(module.id, this.#stamp);
      this.#stamps.set(module.id, { module, of, stamp: this.#stamp });
    }
    for (const id of this.#stamps.keys()) if (!stamps.has(id)) this.#stamps.delete(id);
    return stamps;
  }

  /** Everything is told again, and counts as changed. */
  forget(): void {
    this.#stamps.clear();
  }

  close(): void {
    for (const id of [...this.#opened.keys()]) this.#close(id);
  }

  #tell(module: CellModule): void {
    const { id, text } = module;
    const uri = this.#project.uri(id);
    const opened = this.#opened.get(id);
    if (!opened) {
      this.#compiler.notify("textDocument/didOpen", {
        textDocument: { uri, languageId: "typescript", version: 1, text },
      });
      this.#opened.set(id, { text, version: 1 });
    } else if (opened.text !== text) {
      const version = opened.version + 1;
      this.#compiler.notify("textDocument/didChange", { textDocument: { uri, version }, contentChanges: [{ text }] });
      this.#opened.set(id, { text, version });
    }
  }

  #close(id: string): void {
    this.#compiler.notify("textDocument/didClose", { textDocument: { uri: this.#project.uri(id) } });
    this.#opened.delete(id);
  }
}

const lines = new WeakMap<CellModule, Lines>();

function linesOf(module: CellModule): Lines {
  let known = lines.get(module);
  if (!known) {
    known = new Lines(module.text);
    lines.set(module, known);
  }
  return known;
}

export function positionAt(module: CellModule, offset: number): Position {
  return linesOf(module).positionAt(offset);
}

/** Offsets in the module's text; from `tailAt` on they are in the tail. */
export function offsetsOf(module: CellModule, { start, end }: LspRange): { start: number; end: number } {
  return { start: linesOf(module).offsetAt(start), end: linesOf(module).offsetAt(end) };
}
