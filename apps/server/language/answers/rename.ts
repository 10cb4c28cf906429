import type { ResultOf, TextEdit } from "@opsbook/notebook/language";
import { sourceHash } from "@opsbook/notebook/session";
import type { CellModule } from "../code/module.ts";
import { offsetsOf } from "../documents.ts";
import { renameSchema } from "../lsp/schemas.ts";
import { pathOf } from "../project.ts";
import { askAt, isBlanked, type Place } from "./place.ts";

/** Why a name cannot be changed, for the person who wanted it. */
export class RenameRefused extends Error {
  override readonly name = "RenameRefused";
}

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/**
 * The edits that give a name another one in all cells that mean the same. The compiler follows a name through imports;
 * a variable that several cells assign is a declaration of each, so every cell that has it is asked.
 * @throws RenameRefused
 */
export async function rename(place: Place, newName: string): Promise<ResultOf<"rename">> {
  const { module, modules } = place;
  if (!IDENTIFIER.test(newName)) throw new RenameRefused(`"${newName}" is not a name in TypeScript.`);
  const name = isBlanked(module, place.offset) ? null : wordAt(module.source, place.offset);
  if (name === null) throw new RenameRefused("There is no name here.");
  const edits = new Map<string, Map<number, TextEdit>>();
  const shared = await collect(place, newName, edits);
  if (shared) {
    const origin = module.imports.get(name)?.cellId ?? module.id;
    for (const other of modules.values()) {
      const isSame = other.id === origin ? declares(other, name) : other.imports.get(name)?.cellId === origin;
      if (!isSame || !other.names.used.has(name)) continue;
      if (other.names.used.has(newName))
        throw new RenameRefused(`A cell already uses the name ${newName}: it would mean something else there.`);
      for (const at of tailPlaces(other, name)) await collect({ ...place, module: other, offset: at }, newName, edits);
    }
  }
  const cells = [...edits].flatMap(([cellId, found]) => {
    const source = modules.get(cellId)?.source;
    if (source === undefined) return [];
    return [{ cellId, sourceHash: sourceHash(source), edits: [...found.values()].sort((a, b) => a.start - b.start) }];
  });
  if (cells.length === 0) throw new RenameRefused("This name cannot be changed here.");
  return { type: "rename", cells };
}

/** Adds the edits of one answer; true where the name is one that other cells see. */
async function collect(place: Place, newName: string, edits: Map<string, Map<number, TextEdit>>): Promise<boolean> {
  const found = renameSchema.parse(await askAt(place, "textDocument/rename", { newName }));
  let shared = false;
  for (const [uri, changes] of Object.entries(found?.changes ?? {})) {
    const cellId = place.project.cellOf(uri);
    const module = cellId === null ? undefined : place.modules.get(cellId);
    if (!module) throw new RenameRefused(`The name is declared in ${pathOf(uri) ?? uri}: change it there.`);
    for (const { range, newText } of changes) {
      const { start, end } = offsetsOf(module, range);
      if (end > module.tailAt) {
        shared = true;
        continue;
      }
      const known = edits.get(module.id) ?? new Map<number, TextEdit>();
      edits.set(module.id, known.set(start, { start, end, text: newText }));
    }
  }
  return shared;
}

function wordAt(source: string, offset: number): string | null {
  const before = /[\p{ID_Continue}$]*$/u.exec(source.slice(0, offset))?.[0] ?? "";
  const after = /^[\p{ID_Continue}$]*/u.exec(source.slice(offset))?.[0] ?? "";
  return before + after === "" ? null : before + after;
}

const declares = ({ names }: CellModule, name: string) => names.declared.some((declared) => declared.name === name);

/** Where the tail, or the cell itself, says the name; any of them stands for all of the cell. */
function tailPlaces(module: CellModule, name: string): number[] {
  const own = module.names.declared.find((declared) => declared.name === name);
  if (own) return [own.at];
  const escaped = name.replaceAll("$", "\\$");
  const found = new RegExp(String.raw`declare let ${escaped}:|(?<=import \{[^}]*)(?<![\w$])${escaped}(?![\w$])`).exec(
    module.text.slice(module.tailAt),
  );
  return found ? [module.tailAt + found.index + (found[0].startsWith("declare") ? "declare let ".length : 0)] : [];
}
