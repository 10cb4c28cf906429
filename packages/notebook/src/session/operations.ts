import { z } from "zod";
import { statedObject, submittedObject } from "./json.ts";
import { type Form, formSchema } from "./question.ts";
import type { Author, SessionOutput } from "./state.ts";

/**
 * Every change of a session, as data. Imperative names come from users, past tense from the server;
 * a client that submits a server fact is refused before anything looks at it.
 */

/** Limits in characters (UTF-16 units) and entries; beyond them a submission is refused, never cut. */
export const LIMITS = { source: 1_048_576, cells: 20_000, runs: 5_000, answer: 65_536, metadata: 262_144 } as const;

export const cellIdSchema = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, "a cell id has 1–64 of a–z A–Z 0–9 _ -");
/** Ids of runs, outputs, prompts and clients. Not `__proto__`, so that they may serve as keys. */
export const idSchema = z.string().regex(/^(?!__proto__$)[a-zA-Z0-9_-]{8,64}$/, "an id has 8–64 of a–z A–Z 0–9 _ -");
const cellType = z.enum(["code", "markdown", "raw"]);
const source = z.string().max(LIMITS.source);
/** A whole text of three-byte characters in base64, and room for what a Yjs update needs beside it. */
const UPDATE_LIMIT = 5 * LIMITS.source;
/** After which cell, null for the top; `index` is where it goes when that cell is gone by then. */
const place = { after: cellIdSchema.nullable(), index: z.number().int().min(0) };
const splice = z.strictObject({ index: z.number().int().min(0), remove: z.number().int().min(0), insert: z.string() });
export type Splice = z.infer<typeof splice>;

export const userOperationSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("insert-cell"),
    cellId: cellIdSchema,
    cellType,
    source,
    metadata: submittedObject,
    ...place,
  }),
  z.strictObject({ type: z.literal("delete-cell"), cellId: cellIdSchema }),
  z.strictObject({ type: z.literal("restore-cell"), cellId: cellIdSchema }),
  z.strictObject({ type: z.literal("move-cell"), cellId: cellIdSchema, ...place }),
  z.strictObject({ type: z.literal("set-cell-type"), cellId: cellIdSchema, cellType }),
  /** `update`: a Yjs update, base64. `splices`: what it does to the text; the server computes its own. */
  z.strictObject({
    type: z.literal("edit-source"),
    cellId: cellIdSchema,
    update: z.string().max(UPDATE_LIMIT),
    splices: z.array(splice).optional(),
  }),
  /** The whole text at once, for programs and for commands such as split and merge. */
  z.strictObject({ type: z.literal("set-source"), cellId: cellIdSchema, source }),
  /** On the notebook where `cellId` is null. Top-level keys are set and unset; the rest is kept. */
  z.strictObject({
    type: z.literal("set-metadata"),
    cellId: cellIdSchema.nullable(),
    set: submittedObject,
    unset: z.array(z.string()).max(1000),
  }),
  /** Of all cells where null. */
  z.strictObject({ type: z.literal("clear-outputs"), cellIds: z.array(cellIdSchema).nullable() }),
  /** `sourceHash` names the text the person saw: a cell that changed since is refused, not run. */
  z.strictObject({
    type: z.literal("run-cells"),
    runs: z
      .array(z.strictObject({ executionId: idSchema, cellId: cellIdSchema, sourceHash: z.string().max(64) }))
      .min(1)
      .max(LIMITS.runs),
  }),
  z.strictObject({ type: z.literal("cancel-run"), executionId: idSchema }),
  /** Lets a run go on that stopped at a breakpoint. */
  z.strictObject({ type: z.literal("continue-run"), executionId: idSchema }),
  z.strictObject({ type: z.literal("interrupt-kernel") }),
  z.strictObject({ type: z.literal("restart-kernel") }),
  z.strictObject({ type: z.literal("select-kernel"), kernelName: z.string().min(1).max(200) }),
  /** A line of text, or the fields of a form. */
  z.strictObject({
    type: z.literal("answer-prompt"),
    promptId: idSchema,
    value: z.union([
      z.string().max(LIMITS.answer),
      submittedObject.refine((fields) => JSON.stringify(fields).length <= LIMITS.answer, "the answer is too long"),
    ]),
  }),
]);
export type UserOperation = z.infer<typeof userOperationSchema>;

const author: z.ZodType<Author> = z.strictObject({ id: z.string(), name: z.string() });
const outputBase = { id: idSchema, executionId: idSchema.nullable(), form: statedObject.optional() };
const output = z.discriminatedUnion("output_type", [
  z.strictObject({
    output_type: z.literal("stream"),
    name: z.enum(["stdout", "stderr"]),
    bytes: z.number().int().min(0),
    lines: z.number().int().min(0).optional(),
    closed: z.boolean(),
    hash: z.string().optional(),
    ...outputBase,
  }),
  z.strictObject({
    output_type: z.enum(["display_data", "execute_result"]),
    data: statedObject,
    metadata: statedObject,
    execution_count: z.number().nullable(),
    displayId: z.string().optional(),
    ...outputBase,
  }),
  z.strictObject({
    output_type: z.literal("error"),
    ename: z.string(),
    evalue: z.string(),
    traceback: z.array(z.string()),
    ...outputBase,
  }),
]) as unknown as z.ZodType<SessionOutput>;

/** What a version of a cell is but for its text, which changes by splices so that open documents follow. */
const cellContent = z.strictObject({
  cell_type: cellType,
  metadata: statedObject,
  outputs: z.array(output),
  execution_count: z.number().nullable(),
  attachments: statedObject.optional(),
  form: statedObject.optional(),
});
/** `source` for a cell that is new. Without `content` and `edit` the cell stays as it is. */
const versionCell = z.strictObject({
  cellId: cellIdSchema,
  content: cellContent.optional(),
  edit: z.strictObject({ update: z.string(), splices: z.array(splice) }).optional(),
  source: z.string().optional(),
});
export type VersionCell = z.infer<typeof versionCell>;

/** Ids of checkpoints sort by time and serve as file names. */
export const checkpointIdSchema = z.string().regex(/^\d{8}T\d{9}Z-[0-9a-f]{8}$/, "this is no id of a checkpoint");

/** Why a checkpoint was made: `named` by a person, `api` by a program without a name, the rest by the server. */
export const checkpointReasonSchema = z.enum(["named", "api", "interval", "restore", "restart", "conflict"]);
export type CheckpointReason = z.infer<typeof checkpointReasonSchema>;

export const kernelStatusSchema = z.enum([
  "none",
  "starting",
  "idle",
  "busy",
  "restarting",
  "not-answering",
  "dead",
  "unknown-kernel",
]);

export const serverOperationSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("execution-started"),
    executionId: idSchema,
    executionCount: z.number().int().nullable(),
  }),
  z.strictObject({ type: z.literal("output-opened"), cellId: cellIdSchema, output }),
  z.strictObject({
    type: z.literal("output-closed"),
    cellId: cellIdSchema,
    outputId: idSchema,
    bytes: z.number().int().min(0),
    lines: z.number().int().min(0).optional(),
    hash: z.string(),
  }),
  /** Every output with this display id, in whatever cell. */
  z.strictObject({
    type: z.literal("output-replaced"),
    displayId: z.string(),
    data: statedObject,
    metadata: statedObject,
  }),
  z.strictObject({ type: z.literal("outputs-cleared"), cellId: cellIdSchema }),
  z.strictObject({
    type: z.literal("execution-finished"),
    executionId: idSchema,
    status: z.enum(["ok", "error", "interrupted", "not-run"]),
    executionCount: z.number().int().nullable(),
    reason: z.string().optional(),
  }),
  /** The run's program waits, and other cells may run meanwhile. */
  z.strictObject({
    type: z.literal("breakpoint-opened"),
    executionId: idSchema,
    breakpointId: idSchema,
    banner: z.string(),
  }),
  z.strictObject({ type: z.literal("breakpoint-closed"), breakpointId: idSchema }),
  z.strictObject({
    type: z.literal("kernel-changed"),
    kernelName: z.string(),
    displayName: z.string(),
    language: z.string(),
    kernelId: z.string().nullable(),
    status: kernelStatusSchema,
    detail: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal("prompt-opened"),
    promptId: idSchema,
    executionId: idSchema,
    text: z.string(),
    password: z.boolean(),
    form: (formSchema as z.ZodType<Form>).optional(),
  }),
  /** `summary`: what stays of an answered form, without its secrets. */
  z.strictObject({ type: z.literal("prompt-answered"), promptId: idSchema, summary: z.string().optional() }),
  z.strictObject({
    type: z.literal("client-joined"),
    clientId: idSchema,
    user: author,
    role: z.enum(["viewer", "runner", "editor", "admin"]),
  }),
  z.strictObject({ type: z.literal("client-left"), clientId: idSchema }),
  /** The file was changed outside while there was something unsaved; the other version is kept as `file`. */
  z.strictObject({ type: z.literal("conflict-opened"), conflictId: idSchema, file: z.string().max(1024) }),
  z.strictObject({ type: z.literal("conflict-closed"), conflictId: idSchema }),
  /** Another version took the place of what was there: cells in their new order, all others go to the bin. */
  z.strictObject({
    type: z.literal("notebook-replaced"),
    cause: z.enum(["restored", "outside"]),
    /** The checkpoint it came from, and the one that holds what was there before. */
    checkpointId: checkpointIdSchema.nullable(),
    before: checkpointIdSchema.nullable(),
    /** What people call the version. */
    label: z.string(),
    cells: z.array(versionCell).max(LIMITS.cells),
    metadata: statedObject,
    nbformat_minor: z.number().int(),
    form: statedObject.optional(),
  }),
  z.strictObject({
    type: z.literal("checkpoint-created"),
    checkpointId: checkpointIdSchema,
    name: z.string().nullable(),
    reason: checkpointReasonSchema,
  }),
  z.strictObject({ type: z.literal("checkpoint-renamed"), checkpointId: checkpointIdSchema, name: z.string() }),
  z.strictObject({
    type: z.literal("checkpoint-deleted"),
    checkpointId: checkpointIdSchema,
    name: z.string().nullable(),
  }),
]);
export type ServerOperation = z.infer<typeof serverOperationSchema>;

export const operationSchema = z.discriminatedUnion("type", [userOperationSchema, serverOperationSchema]);
export type Operation = UserOperation | ServerOperation;
export type OperationType = Operation["type"];

/** An operation in its place in the session's one order. `by` null: the server itself. */
export const entrySchema = z.strictObject({
  seq: z.number().int().min(1),
  /** Milliseconds since the epoch, within what a Date holds (ECMA-262, time values). */
  at: z.number().min(0).max(8.64e15),
  by: author.nullable(),
  /** Which submission it answers. */
  origin: z.strictObject({ clientId: idSchema, clientSeq: z.number().int().min(1) }).optional(),
  op: operationSchema,
});
export type Entry = z.infer<typeof entrySchema>;

/** Expected races and refusals; the message says what to do. */
export const rejectionCodeSchema = z.enum([
  "cell-not-found",
  "cell-exists",
  "cell-busy",
  "source-changed",
  "already-queued",
  "not-a-code-cell",
  "execution-not-found",
  "execution-exists",
  "output-not-found",
  "prompt-not-found",
  "nothing-to-restore",
  "text-refused",
  "too-large",
  "invalid",
  "forbidden",
  "storage-failed",
]);
export type RejectionCode = z.infer<typeof rejectionCodeSchema>;

export interface Rejected {
  ok: false;
  code: RejectionCode;
  message: string;
}
