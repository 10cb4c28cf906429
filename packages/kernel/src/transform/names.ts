/** Where V8 keeps a top-level name: as a script-scope binding (`let`) or as a property of the global object. */
export type Storage = "lexical" | "property";

/** What a transform must know of the cells before. Plain data; a transform never changes it. */
export interface CellNames {
  readonly storage: ReadonlyMap<string, Storage>;
  /** Built-in globals that some cell declared anew: cells say this name, libraries keep the original. */
  readonly shadowed: ReadonlySet<string>;
  /** What names can do that is not a plain variable's. */
  readonly kinds: ReadonlyMap<string, SpecialKind>;
}

/** What a name was imported from. */
export interface ImportedName {
  specifier: string;
  /** The export's name, `*` for all of them. */
  imported: string;
  /** Import attributes, such as `type: "json"`. */
  attributes: Readonly<Record<string, string>>;
}

/** `constant`: nobody may assign it. `resource`: declared by `using`, so also closed when its cell ended. */
export type SpecialKind = "constant" | "resource";
export type Kind = SpecialKind | "variable";

/** What one cell added, to be taken over when its script was accepted. */
export interface Declared {
  storage: Map<string, Storage>;
  shadowed: Set<string>;
  kinds: Map<string, Kind>;
  imports: Map<string, ImportedName>;
}

/** Names of cells, over a session. */
export class NameTable implements CellNames {
  readonly storage = new Map<string, Storage>();
  readonly shadowed = new Set<string>();
  readonly kinds = new Map<string, SpecialKind>();
  /** Names that hold what they were imported as. */
  readonly imports = new Map<string, ImportedName>();

  /** Returns how to go back, for a script that the engine refuses. */
  take(declared: Declared): () => void {
    const earlier = [...declared.kinds.keys()].map((name) => [name, this.kinds.get(name) ?? "variable"] as const);
    for (const [name, storage] of declared.storage) this.storage.set(name, storage);
    for (const name of declared.shadowed) this.shadowed.add(name);
    for (const [name, kind] of declared.kinds) {
      this.#setKind(name, kind);
      this.imports.delete(name);
    }
    for (const [name, origin] of declared.imports) this.imports.set(name, origin);
    return () => {
      for (const name of declared.storage.keys()) this.storage.delete(name);
      for (const name of declared.shadowed) this.shadowed.delete(name);
      for (const [name, kind] of earlier) this.#setKind(name, kind);
    };
  }

  #setKind(name: string, kind: Kind): void {
    if (kind === "variable") this.kinds.delete(name);
    else this.kinds.set(name, kind);
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
