import { relative, sep } from "node:path";
import type { ResultOf } from "@opsbook/notebook/language";
import type { CellModule } from "../code/module.ts";
import { offsetsOf } from "../documents.ts";
import { definitionSchema, hoverSchema, type LspRange, signatureSchema } from "../lsp/schemas.ts";
import { pathOf } from "../project.ts";
import { askAt, isBlanked, type Place, readable } from "./place.ts";

/** What a name is, with its documentation. */
export async function hover(place: Place): Promise<ResultOf<"hover"> | null> {
  if (isBlanked(place.module, place.offset)) return null;
  const found = hoverSchema.parse(await askAt(place, "textDocument/hover"));
  if (!found || found.contents.trim() === "") return null;
  const range = found.range ? offsetsOf(place.module, found.range) : null;
  const text = readable(found.contents)
    .replace("```typescript\n(alias) ", "```typescript\n")
    .replace(/\nimport [\w$]+\n```/, "\n```")
    .replaceAll("```tsx", "```typescript");
  return { type: "hover", text, range: range && range.end <= place.module.tailAt ? range : null };
}

export async function signature(place: Place): Promise<ResultOf<"signature"> | null> {
  const found = signatureSchema.parse(await askAt(place, "textDocument/signatureHelp"));
  if (!found || found.signatures.length === 0) return null;
  return {
    type: "signature",
    active: found.activeSignature ?? 0,
    signatures: found.signatures.map(({ label, documentation, parameters, activeParameter }) => ({
      label,
      documentation,
      parameters: parameters.map(({ label: part, documentation: words }) => ({
        label: typeof part === "string" ? part : { start: part[0], end: part[1] },
        documentation: words,
      })),
      activeParameter: activeParameter ?? found.activeParameter ?? 0,
    })),
  };
}

/** Where a name was declared: in this or another cell, in a file of the served folder, or in neither. */
export async function definition(place: Place, root: string): Promise<ResultOf<"definition"> | null> {
  if (isBlanked(place.module, place.offset)) return null;
  const found = definitionSchema.parse(await askAt(place, "textDocument/definition"));
  const targets = found.map(({ uri, range }) => toTarget({ uri, range }, place, root)).filter((one) => one !== null);
  return targets.length === 0 ? null : { type: "definition", targets };
}

type Target = ResultOf<"definition">["targets"][number];

function toTarget({ uri, range }: { uri: string; range: LspRange }, place: Place, root: string): Target | null {
  const cellId = place.project.cellOf(uri);
  if (cellId !== null) {
    const module = place.modules.get(cellId);
    return module ? inCell(module, offsetsOf(module, range), place.modules) : null;
  }
  const path = pathOf(uri);
  if (path === null) return null;
  const inside = relative(root, path);
  if (inside.startsWith("..") || inside.startsWith(".opsbook"))
    return { in: "elsewhere", name: path.split(sep).slice(-2).join("/") };
  const { line, character } = range.start;
  return { in: "file", path: inside.split(sep).join("/"), line: line + 1, column: character + 1 };
}

/** A place in the tail stands for the cell that the name there comes from. */
function inCell(module: CellModule, range: { start: number; end: number }, modules: Place["modules"]): Target | null {
  if (range.end <= module.tailAt) return { in: "cell", cellId: module.id, ...range };
  const name = module.text.slice(range.start, range.end);
  const cellId = module.imports.get(name)?.cellId ?? module.id;
  const at = modules.get(cellId)?.names.declared.find((declared) => declared.name === name)?.at;
  return at === undefined ? null : { in: "cell", cellId, start: at, end: at + name.length };
}
