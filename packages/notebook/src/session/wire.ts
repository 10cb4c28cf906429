import { z } from "zod";
import { cellIdSchema, entrySchema, idSchema, userOperationSchema } from "./operations.ts";
import type { SessionState } from "./state.ts";

/**
 * The session socket, `GET /api/opsbook/sessions/:id/socket`: one JSON object a frame.
 * Client speaks first (`hello`); the answer is `welcome`. Everything after arrives in order.
 */
export const PROTOCOL_VERSION = 1;

/** Sent by the client every so often; a side that hears nothing for three intervals reconnects or closes. */
export const HEARTBEAT_MS = 15_000;

/** Bytes of an output frame's text at most. */
export const OUTPUT_FRAME_BYTES = 65_536;

const isObject = (value: unknown) => typeof value === "object" && value !== null;
const offset = z.number().int().min(0);
// A record leaves the key __proto__ out without a word.
const outputOffsets = z
  .custom<object>((value) => isObject(value) && !Object.hasOwn(value as object, "__proto__"), "no output has this id")
  .pipe(z.record(idSchema, offset));
const roleSchema = z.enum(["viewer", "runner", "editor", "admin"]);
const authorSchema = z.strictObject({ id: z.string(), name: z.string() });

/** Where a person is. Offsets in characters of the cell's text. Identity is added by the server. */
export const presenceSchema = z.strictObject({
  cellId: cellIdSchema.nullable(),
  selection: z.strictObject({ anchor: offset, head: offset }).nullable(),
  mode: z.enum(["command", "edit", "away"]),
});
export type Presence = z.infer<typeof presenceSchema>;

export const clientFrameSchema = z.discriminatedUnion("type", [
  /** `outputs`: bytes held per stream output, so that pushes go on from there. */
  z.strictObject({
    type: z.literal("hello"),
    protocol: z.number().int(),
    clientId: idSchema,
    epoch: z.string().max(64).nullable(),
    lastSeq: z.number().int().min(0),
    outputs: outputOffsets,
  }),
  z.strictObject({ type: z.literal("submit"), clientSeq: z.number().int().min(1), op: userOperationSchema }),
  /** Bytes `[offset, offset + limit)` of one stream, answered by `output` frames with `requested: true`. */
  z.strictObject({
    type: z.literal("fetch-output"),
    outputId: idSchema,
    offset,
    limit: z.number().int().min(1).max(1_048_576),
  }),
  /**
   * Asks for a cell's Yjs state and a Yjs client id to edit it with; ids given before end with it. Ask again after a
   * `text-refused`. `request`: the asker's number for it, which the answer names.
   */
  z.strictObject({ type: z.literal("open-text"), cellId: cellIdSchema, request: z.number().int().min(1) }),
  z.strictObject({ type: z.literal("close-text"), cellId: cellIdSchema }),
  z.strictObject({ type: z.literal("presence"), presence: presenceSchema }),
  z.strictObject({ type: z.literal("ping"), at: z.number() }),
]);
export type ClientFrame = z.infer<typeof clientFrameSchema>;

export const saveStatusSchema = z.strictObject({
  /** `saved` means the `.ipynb` on disk holds everything up to `seq`. `conflict`: changed outside while dirty. */
  state: z.enum(["saved", "saving", "unsaved", "failed", "conflict"]),
  seq: z.number().int(),
  message: z.string().optional(),
});
export type SaveStatus = z.infer<typeof saveStatusSchema>;

/** The server's own state, checked for its frame only: its members were checked when each operation was applied. */
const stateSchema = z.custom<SessionState>(
  (value) =>
    isObject(value) &&
    ["notebook", "runtime", "executions", "prompts", "clients"].every((key) => key in (value as object)),
);

export const serverFrameSchema = z.discriminatedUnion("type", [
  /** Either `snapshot` (state at `seq`) or `entries` (what came after the client's `lastSeq`). */
  z.strictObject({
    type: z.literal("welcome"),
    protocol: z.number().int(),
    sessionId: idSchema,
    path: z.string(),
    epoch: z.string(),
    seq: z.number().int(),
    user: authorSchema,
    role: roleSchema,
    /** The last submission of this client that was answered: later ones were never seen. */
    lastClientSeq: z.number().int(),
    /** Which submissions of this client up to that one were refused, as far as the server remembers. */
    refused: z.array(z.number().int()).optional(),
    snapshot: stateSchema.optional(),
    entries: z.array(entrySchema).optional(),
    save: saveStatusSchema,
  }),
  /** The submission's operation has its place and is on disk; the `op` frame with `seq` came before this. */
  z.strictObject({ type: z.literal("accepted"), clientSeq: z.number().int(), seq: z.number().int() }),
  z.strictObject({ type: z.literal("rejected"), clientSeq: z.number().int(), code: z.string(), message: z.string() }),
  z.strictObject({ type: z.literal("op"), entry: entrySchema }),
  /**
   * Text of a stream output. `offset` and `bytes` count UTF-8 bytes, never splitting a character;
   * an offset beyond what the client holds is a gap it may fetch. `total`: bytes the server has; `lines`: lines of
   * them, while the stream is open; `collected`: when the middle of them went, in milliseconds since 1970.
   */
  z.strictObject({
    type: z.literal("output"),
    outputId: idSchema,
    offset,
    bytes: offset,
    text: z.string(),
    total: offset,
    lines: offset.optional(),
    collected: offset.optional(),
    requested: z.boolean().optional(),
  }),
  /**
   * Base64 Yjs state of `doc.getText("source")` at `seq`; edit with `textClientId` only. Answers the `open-text` of this
   * `request`: where a later one was sent, this id has ended already. A cell that is gone is not answered for.
   */
  z.strictObject({
    type: z.literal("text-state"),
    cellId: cellIdSchema,
    request: z.number().int(),
    seq: z.number().int(),
    update: z.string(),
    textClientId: z.number().int(),
  }),
  z.strictObject({
    type: z.literal("presence"),
    clientId: idSchema,
    user: authorSchema,
    presence: presenceSchema.nullable(),
  }),
  z.strictObject({ type: z.literal("save"), save: saveStatusSchema }),
  z.strictObject({ type: z.literal("pong"), at: z.number() }),
]);
export type ServerFrame = z.infer<typeof serverFrameSchema>;

/** Close codes of every socket of ours. `terminal`: do not reconnect by yourself; tell the person. */
export const CLOSE_CODES = {
  4000: { name: "protocol-outdated", terminal: true, message: "This page is older than the server. Reload it." },
  4001: { name: "login-needed", terminal: true, message: "Your login ended. Open a fresh login URL (opsbook list)." },
  4003: { name: "forbidden", terminal: true, message: "You have no right to this session any more." },
  4004: { name: "gone", terminal: true, message: "The notebook was closed, moved or deleted." },
  4008: { name: "bad-frame", terminal: true, message: "The server could not read what this page sent. Reload it." },
  4009: { name: "too-slow", terminal: false, message: "The connection could not keep up; reconnecting." },
  4010: { name: "server-stopping", terminal: false, message: "The server is restarting." },
  4011: { name: "replaced", terminal: true, message: "This tab was replaced by a newer connection of itself." },
} as const;
export type CloseCode = keyof typeof CLOSE_CODES;
