import { z } from "zod";
import { cellIdSchema } from "../session/operations.ts";

/**
 * The language socket, `GET /api/opsbook/sessions/:id/language`: one JSON object a frame. A page asks about a place
 * in a cell and gets one `answer` or `failed` with the same id; `status` and `problems` come unasked.
 * Offsets count UTF-16 units of the cell's text.
 */

const requestId = z.number().int().min(1);
const offset = z.number().int().min(0);
/**
 * `sourceHash`: the text the offset belongs to. A server that has not seen this text yet waits for it a moment;
 * where it never comes (somebody else typed in the cell) the answer is `failed` with `text-changed`.
 */
const place = { id: requestId, cellId: cellIdSchema, sourceHash: z.string().regex(/^[0-9a-f]{16}$/), offset };

export const languageRequestSchema = z.discriminatedUnion("type", [
  /** `trigger`: the character that was just typed, where it asked by itself. */
  z.strictObject({ type: z.literal("complete"), ...place, trigger: z.string().max(1).nullable() }),
  /** Documentation of one item of the completion `list`, by its index; only the newest list is known. */
  z.strictObject({ type: z.literal("resolve"), id: requestId, list: requestId, item: z.number().int().min(0) }),
  z.strictObject({ type: z.literal("signature"), ...place }),
  z.strictObject({ type: z.literal("hover"), ...place }),
  z.strictObject({ type: z.literal("definition"), ...place }),
  z.strictObject({ type: z.literal("rename"), ...place, newName: z.string().min(1).max(200) }),
  /** The answer is not wanted any more; there will be none. */
  z.strictObject({ type: z.literal("cancel"), id: requestId }),
]);
export type LanguageRequest = z.infer<typeof languageRequestSchema>;
export type LanguageQuestion = Exclude<LanguageRequest, { type: "cancel" }>;

/** Kinds of the Language Server Protocol's `CompletionItemKind`, 1 to 25. */
const completionKind = z.number().int().min(1).max(25);
const range = z.strictObject({ start: offset, end: offset });
export type TextRange = z.infer<typeof range>;

const completionItem = z.strictObject({
  label: z.string(),
  kind: completionKind,
  /** What to insert instead of the label, and over which text instead of the word before the caret. */
  insert: z.string().optional(),
  range: range.optional(),
  filter: z.string().optional(),
  sort: z.string().optional(),
  /** Found in a value of the running kernel, not in its type. */
  live: z.literal(true).optional(),
});
export type CompletionItem = z.infer<typeof completionItem>;

/** `label`: a part of the signature's. */
const parameter = z.strictObject({ label: z.union([z.string(), range]), documentation: z.string() });

const textEdit = z.strictObject({ ...range.shape, text: z.string() });
export type TextEdit = z.infer<typeof textEdit>;

/** Documentation is Markdown. `null` in an answer: nothing is known about this place. */
export const languageResultSchema = z.discriminatedUnion("type", [
  /** `partial`: ask again when the person types on. */
  z.strictObject({ type: z.literal("complete"), items: z.array(completionItem), partial: z.boolean() }),
  z.strictObject({ type: z.literal("resolve"), detail: z.string(), documentation: z.string() }),
  z.strictObject({
    type: z.literal("signature"),
    active: z.number().int(),
    signatures: z.array(
      z.strictObject({
        label: z.string(),
        documentation: z.string(),
        parameters: z.array(parameter),
        activeParameter: z.number().int(),
      }),
    ),
  }),
  z.strictObject({ type: z.literal("hover"), text: z.string(), range: range.nullable() }),
  z.strictObject({
    type: z.literal("definition"),
    targets: z.array(
      z.discriminatedUnion("in", [
        z.strictObject({ in: z.literal("cell"), cellId: cellIdSchema, ...range.shape }),
        /** `path` as in `/api/contents`; lines and columns from 1. */
        z.strictObject({ in: z.literal("file"), path: z.string(), line: z.number().int(), column: z.number().int() }),
        /** Not in the served folder; `name` is the file's. */
        z.strictObject({ in: z.literal("elsewhere"), name: z.string() }),
      ]),
    ),
  }),
  z.strictObject({
    type: z.literal("rename"),
    cells: z.array(z.strictObject({ cellId: cellIdSchema, sourceHash: z.string(), edits: z.array(textEdit) })),
  }),
]);
export type LanguageResult = z.infer<typeof languageResultSchema>;
export type ResultOf<T extends LanguageResult["type"]> = Extract<LanguageResult, { type: T }>;

const problem = z.strictObject({
  ...range.shape,
  severity: z.enum(["error", "warning"]),
  message: z.string(),
  /** Of the TypeScript compiler, as in `TS2345`. */
  code: z.number().int().nullable(),
});
export type Problem = z.infer<typeof problem>;

export const FAILURES = ["text-changed", "forbidden", "unavailable", "refused"] as const;
export type LanguageFailure = (typeof FAILURES)[number];

export const languageFrameSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("answer"), id: requestId, result: languageResultSchema.nullable() }),
  z.strictObject({ type: z.literal("failed"), id: requestId, code: z.enum(FAILURES), message: z.string() }),
  /** Everything wrong in one cell; belongs to the text with this hash and replaces what was said before. */
  z.strictObject({
    type: z.literal("problems"),
    cellId: cellIdSchema,
    sourceHash: z.string(),
    problems: z.array(problem),
  }),
  /** `unavailable`: there will be no answers until a later `ready`; `message` says why. */
  z.strictObject({
    type: z.literal("status"),
    state: z.enum(["starting", "ready", "unavailable"]),
    message: z.string(),
  }),
]);
export type LanguageFrame = z.infer<typeof languageFrameSchema>;
