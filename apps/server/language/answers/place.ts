import type { CellModule } from "../code/module.ts";
import { positionAt } from "../documents.ts";
import type { Compiler } from "../lsp/compiler.ts";
import type { Project } from "../project.ts";

/** A place in a cell whose module the compiler has, and who to ask about it. */
export interface Place {
  compiler: Compiler;
  project: Project;
  modules: ReadonlyMap<string, CellModule>;
  module: CellModule;
  /** Of the cell's text. */
  offset: number;
  signal: AbortSignal;
}

/** Asks about the place. @throws RpcError */
export function askAt(place: Place, method: string, more: object = {}): Promise<unknown> {
  const { compiler, project, module, offset, signal } = place;
  const params = { textDocument: { uri: project.uri(module.id) }, position: positionAt(module, offset), ...more };
  return compiler.request(method, params, signal);
}

/** True inside of what was blanked: the compiler sees nothing there. */
export function isBlanked({ source, text }: CellModule, offset: number): boolean {
  return [offset - 1, offset].some((at) => at >= 0 && at < source.length && source[at] !== text[at]);
}

/** How the compiler speaks of other modules' types is nothing a person can use. */
export function readable(text: string): string {
  return text.replaceAll(/\b(?:typeof )?import\("[^"]*"\)(?:\.|(?=[^.\w]|$))/g, "");
}
