import type { CompletionItem, ResultOf } from "@opsbook/notebook/language";
import type { CellModule } from "../code/module.ts";
import { offsetsOf } from "../documents.ts";
import type { LiveValues } from "../live.ts";
import { completionSchema, type LspCompletionItem, resolvedSchema } from "../lsp/schemas.ts";
import { askAt, isBlanked, type Place, readable } from "./place.ts";

/** More than anybody reads; the page asks again when more is typed. */
const MOST_ITEMS = 200;
const PROPERTY = 10;
const TEXT = 1;
const MEMBER = /[\p{ID_Continue}$)\]}"'`]\s*\??\.\s*[\p{ID_Continue}$]*$/u;
const WORD = /[\p{ID_Continue}$#]*$/u;

export interface Completion {
  result: ResultOf<"complete">;
  /** The compiler's items in the order of the result's; live ones have none. */
  origins: (LspCompletionItem | null)[];
}

/** Names that may stand at the place, by their types; where those say nothing, by what the running kernel holds. */
export async function complete(place: Place, live: LiveValues, trigger: string | null): Promise<Completion> {
  const { module, offset, signal } = place;
  const context = trigger === null ? { triggerKind: 1 } : { triggerKind: 2, triggerCharacter: trigger };
  const found = isBlanked(module, offset)
    ? null
    : completionSchema.parse(await askAt(place, "textDocument/completion", { context }));
  const before = module.source.slice(0, offset);
  const isMember = MEMBER.test(before);
  if ((found?.items.length ?? 0) === 0 && isMember) return liveCompletion(module.source, { offset, live, signal });
  const typed = WORD.exec(before)?.[0] ?? "";
  const all = (found?.items ?? []).filter(({ label }) => isSubsequence(typed, label));
  const origins = all.length > MOST_ITEMS ? all.toSorted(byRank(typed)).slice(0, MOST_ITEMS) : all;
  const items = origins.map((item) => toItem(item, module));
  return {
    result: { type: "complete", items, partial: (found?.isIncomplete ?? false) || origins.length < all.length },
    origins,
  };
}

/** For a notebook whose language only its kernel knows. */
export async function liveCompletion(
  source: string,
  { offset, live, signal }: { offset: number; live: LiveValues; signal: AbortSignal },
): Promise<Completion> {
  const { names, start, end } = await live.complete(source, offset, signal);
  const items = names.slice(0, MOST_ITEMS).map(
    (label, index): CompletionItem => ({
      label,
      kind: PROPERTY,
      range: { start, end },
      // The kernel gives a value's own names first.
      sort: String(index).padStart(5, "0"),
      live: true,
    }),
  );
  const result = { type: "complete" as const, items, partial: items.length < names.length };
  return { result, origins: items.map(() => null) };
}

export async function resolve(
  { compiler, signal }: Pick<Place, "compiler" | "signal">,
  item: LspCompletionItem | null | undefined,
): Promise<ResultOf<"resolve">> {
  if (!item) return { type: "resolve", detail: item === null ? "in the running kernel" : "", documentation: "" };
  const { detail, documentation } = resolvedSchema.parse(
    await compiler.request("completionItem/resolve", item, signal),
  );
  return { type: "resolve", detail: readable(detail).replace(/^\(alias\) /, ""), documentation };
}

function toItem(item: LspCompletionItem, module: CellModule): CompletionItem {
  const { label, kind = TEXT, sortText, filterText, insertText, textEdit } = item;
  const range = textEdit && offsetsOf(module, textEdit.range);
  const insert = textEdit?.newText ?? insertText;
  return {
    label,
    kind,
    ...(insert === undefined || insert === label ? {} : { insert }),
    ...(range && range.end <= module.tailAt ? { range } : {}),
    ...(filterText === undefined ? {} : { filter: filterText }),
    ...(sortText === undefined ? {} : { sort: sortText }),
  };
}

const byRank = (typed: string) => (a: LspCompletionItem, b: LspCompletionItem) =>
  Number(b.label.startsWith(typed)) - Number(a.label.startsWith(typed)) ||
  (a.sortText ?? "").localeCompare(b.sortText ?? "");

/** As editors filter: the letters typed, in their order, whatever is between them. */
function isSubsequence(typed: string, label: string): boolean {
  const text = label.toLowerCase();
  let at = 0;
  for (const letter of typed.toLowerCase()) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
