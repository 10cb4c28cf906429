/** Where V8 keeps a top-level name: as a script-scope binding (`let`) or as a property of the global object. */
export type Storage = "lexical" | "property";

/** What a transform must know of the cells before. Plain data; a transform never changes it. */
export interface CellNames {
  readonly storage: ReadonlyMap<string, Storage>;
  /** Built-in globals that some cell declared anew: cells say this name, libraries keep the original. */
  readonly shadowed: ReadonlySet<string>;
}

/** What one cell added, to be taken over when its script was accepted. */
export interface Declared {
  storage: Map<string, Storage>;
  shadowed: Set<string>;
}

/** Names of cells, over a session. */
export class NameTable implements CellNames {
  readonly storage = new Map<string, Storage>();
  readonly shadowed = new Set<string>();

  take(declared: Declared): void {
    for (const [name, storage] of declared.storage) this.storage.set(name, storage);
    for (const name of declared.shadowed) this.shadowed.add(name);
  }

  /** Back to an earlier state, after a script that the engine refused. */
  forget(declared: Declared): void {
    for (const name of declared.storage.keys()) this.storage.delete(name);
    for (const name of declared.shadowed) this.shadowed.delete(name);
  }
}

/** Zero-width non-joiner: valid inside an identifier, unseen in messages, and typed by nobody. */
const SHADOW_MARK = "\u200c";

/** The binding a shadowing declaration really gets. */
export function shadowName(name: string): string {
  return name + SHADOW_MARK;
}

/** Text of the engine (names, messages, stacks) as the person wrote it. */
export function plainName(text: string): string {
  return text.replaceAll(SHADOW_MARK, "");
}
