/** The parts of the Language Server Protocol's answers that are used. Source: LSP 3.17. */
import { z } from "zod";

const position = z.looseObject({ line: z.number(), character: z.number() });
const range = z.looseObject({ start: position, end: position });
export type LspRange = z.infer<typeof range>;
const documentation = z
  .union([z.string(), z.looseObject({ value: z.string() })])
  .nullish()
  .transform((value) => (typeof value === "string" ? value : (value?.value ?? "")));
const textEdit = z.looseObject({ range, newText: z.string() });

const completionItem = z.looseObject({
  label: z.string(),
  kind: z.number().optional(),
  sortText: z.string().optional(),
  filterText: z.string().optional(),
  insertText: z.string().optional(),
  textEdit: textEdit.optional(),
});
export type LspCompletionItem = z.infer<typeof completionItem>;
export const completionSchema = z
  .looseObject({ isIncomplete: z.boolean().default(false), items: z.array(completionItem) })
  .nullable();
export const resolvedSchema = z.looseObject({ detail: z.string().default(""), documentation });

export const hoverSchema = z.looseObject({ contents: documentation, range: range.optional() }).nullable();

export const signatureSchema = z
  .looseObject({
    activeSignature: z.number().nullish(),
    activeParameter: z.number().nullish(),
    signatures: z.array(
      z.looseObject({
        label: z.string(),
        documentation,
        activeParameter: z.number().nullish(),
        parameters: z
          .array(z.looseObject({ label: z.union([z.string(), z.tuple([z.number(), z.number()])]), documentation }))
          .default([]),
      }),
    ),
  })
  .nullable();

const location = z.looseObject({ uri: z.string(), range });
export const definitionSchema = z
  .union([location.transform((one) => [one]), z.array(location)])
  .nullable()
  .transform((found) => found ?? []);

export const renameSchema = z.looseObject({ changes: z.record(z.string(), z.array(textEdit)).default({}) }).nullable();

export const diagnosticSchema = z.looseObject({
  items: z
    .array(
      z.looseObject({
        range,
        severity: z.number().default(1),
        code: z.union([z.number(), z.string()]).optional(),
        message: z.string(),
      }),
    )
    .default([]),
});
export type LspDiagnostic = z.infer<typeof diagnosticSchema>["items"][number];
