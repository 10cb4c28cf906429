export { isCellId, newCellId } from "./cell-id.ts";
export { MAX_DEPTH } from "./json-read.ts";
export { plainJson, tagJson } from "./json-tags.ts";
export type * from "./model.ts";
export {
  type KernelSpecName,
  newCell,
  newNotebook,
  TYPESCRIPT_KERNELSPEC,
} from "./new-notebook.ts";
export { type ParseResult, parseNotebook } from "./parse.ts";
export type { ParseFailureCode, ParseWarning, ParseWarningCode } from "./parse-parts.ts";
export { notebookToJson, serializeNotebook } from "./serialize.ts";
export { isJsonMime, isLineMime, joinLines, normalizeNewlines, splitLines } from "./text.ts";
export { toMarkdown } from "./to-markdown.ts";
export { notebookLanguage, stripAnsi } from "./to-text.ts";
export { toTypeScript } from "./to-typescript.ts";
