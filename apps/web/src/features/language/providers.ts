import type { CompletionItem as Item } from "@opsbook/notebook/language";
import type { editor, IRange, languages } from "monaco-editor/editor/editor.api";
import type { Monaco } from "../../core/monaco.ts";
import type { NotebookScope } from "../notebook/notebook-context.ts";
import type { LanguageLink } from "./language-link.ts";
import { applyRename } from "./rename.ts";

/** The cell that an editor's model is of. */
export interface ModelCell {
  scope: NotebookScope;
  link: LanguageLink;
  cellId: string;
}

const cells = new Map<editor.ITextModel, ModelCell>();
let registered = false;

/** Questions about this model go to this cell. */
export function routeModel(monaco: Monaco, model: editor.ITextModel, cell: ModelCell): () => void {
  if (!registered) register(monaco);
  registered = true;
  cells.set(model, cell);
  return () => cells.delete(model);
}

/** An item knows which list it is of, to be asked about later. */
type Listed = languages.CompletionItem & { link: LanguageLink; list: number; index: number };

function register(monaco: Monaco): void {
  const { languages: api } = monaco;
  // Of all languages: which are known is the server's to say.
  api.registerCompletionItemProvider("*", {
    triggerCharacters: [".", '"', "'", "/", "@"],
    async provideCompletionItems(model, position, context, token) {
      const cell = cells.get(model);
      if (!cell) return undefined;
      const { cellId } = cell;
      const trigger = context.triggerCharacter ?? null;
      const offset = model.getOffsetAt(position);
      const { id, result } = await cell.link.ask<"complete">({ type: "complete", cellId, offset, trigger }, token);
      if (!result) return undefined;
      const word = model.getWordUntilPosition(position);
      const around = {
        startLineNumber: position.lineNumber,
        endLineNumber: position.lineNumber,
        startColumn: word.startColumn,
        endColumn: position.column,
      };
      const suggestions = result.items.map(
        (item, index): Listed => ({
          ...toSuggestion(item, item.range ? toRange(model, item.range) : around, api.CompletionItemKind),
          link: cell.link,
          list: id,
          index,
        }),
      );
      return { suggestions, incomplete: result.partial };
    },
    async resolveCompletionItem(item, token) {
      const { link, list, index } = item as Partial<Listed>;
      if (!link || list === undefined || index === undefined) return item;
      const { result } = await link.ask<"resolve">({ type: "resolve", list, item: index }, token);
      return result ? { ...item, detail: result.detail, documentation: { value: result.documentation } } : item;
    },
  });
  api.registerHoverProvider("*", {
    async provideHover(model, position, token) {
      const cell = cells.get(model);
      if (!cell) return undefined;
      const question = { type: "hover" as const, cellId: cell.cellId, offset: model.getOffsetAt(position) };
      const { result } = await cell.link.ask<"hover">(question, token);
      if (!result) return undefined;
      return { contents: [{ value: result.text }], ...(result.range ? { range: toRange(model, result.range) } : {}) };
    },
  });
  api.registerSignatureHelpProvider("*", {
    signatureHelpTriggerCharacters: ["(", ","],
    signatureHelpRetriggerCharacters: [")"],
    async provideSignatureHelp(model, position, token) {
      const cell = cells.get(model);
      if (!cell) return undefined;
      const question = { type: "signature" as const, cellId: cell.cellId, offset: model.getOffsetAt(position) };
      const { result } = await cell.link.ask<"signature">(question, token);
      if (!result) return undefined;
      const signatures = result.signatures.map(({ label, documentation, parameters, activeParameter }) => ({
        label,
        documentation: { value: documentation },
        parameters: parameters.map(({ label: part, documentation: words }) => ({
          label: typeof part === "string" ? part : ([part.start, part.end] as [number, number]),
          documentation: { value: words },
        })),
        activeParameter,
      }));
      const activeParameter = result.signatures[result.active]?.activeParameter ?? 0;
      return { value: { signatures, activeSignature: result.active, activeParameter }, dispose: () => undefined };
    },
  });
  api.registerRenameProvider("*", {
    async provideRenameEdits(model, position, newName, token) {
      const cell = cells.get(model);
      if (!cell) return { edits: [], rejectReason: "Names of this cell cannot be changed together." };
      const question = { type: "rename" as const, cellId: cell.cellId, offset: model.getOffsetAt(position), newName };
      const { result, failure } = await cell.link.ask<"rename">(question, token);
      if (!result) return { edits: [], rejectReason: failure?.message ?? "The language service does not answer now." };
      const rejectReason = applyRename(cell.scope.session, result);
      return rejectReason === null ? { edits: [] } : { edits: [], rejectReason };
    },
    resolveRenameLocation(model, position) {
      const word = cells.has(model) ? model.getWordAtPosition(position) : null;
      if (!word) throw new Error("There is no name here.");
      const { startColumn, endColumn } = word;
      const { lineNumber } = position;
      return {
        range: { startLineNumber: lineNumber, endLineNumber: lineNumber, startColumn, endColumn },
        text: word.word,
      };
    },
  });
}

export function toRange(model: editor.ITextModel, { start, end }: { start: number; end: number }): IRange {
  const from = model.getPositionAt(start);
  const to = model.getPositionAt(end);
  return {
    startLineNumber: from.lineNumber,
    startColumn: from.column,
    endLineNumber: to.lineNumber,
    endColumn: to.column,
  };
}

type Kinds = typeof languages.CompletionItemKind;

function toSuggestion(item: Item, range: IRange, kinds: Kinds): languages.CompletionItem {
  return {
    label: item.live ? { label: item.label, description: "live" } : item.label,
    kind: toKind(item.kind, kinds),
    insertText: item.insert ?? item.label,
    range,
    ...(item.sort === undefined ? {} : { sortText: item.sort }),
    ...(item.filter === undefined ? {} : { filterText: item.filter }),
  };
}

/** By the numbers of the Language Server Protocol. */
const KINDS: readonly (keyof Kinds)[] = [
  ...(["Text", "Text", "Method", "Function", "Constructor", "Field", "Variable", "Class", "Interface"] as const),
  ...(["Module", "Property", "Unit", "Value", "Enum", "Keyword", "Snippet", "Color", "File", "Reference"] as const),
  ...(["Folder", "EnumMember", "Constant", "Struct", "Event", "Operator", "TypeParameter"] as const),
];

function toKind(kind: number, kinds: Kinds): languages.CompletionItemKind {
  return kinds[KINDS[kind] ?? "Text"] as languages.CompletionItemKind;
}
