import { z } from "zod";
import { checkpointIdSchema, checkpointReasonSchema, type Entry, type Operation } from "./operations.ts";
import type { Author, SessionState } from "./state.ts";

/** What people did to a notebook, told so that a person can read it: far less than the log, and kept far longer. */

const base = {
  /** Place in the session's order of the last operation it tells of. */
  seq: z.number().int(),
  /** Milliseconds since the epoch; `until` is the last of what was put together. */
  at: z.number(),
  until: z.number(),
  /** Null: the server, or somebody outside. */
  by: z.strictObject({ id: z.string(), name: z.string() }).nullable(),
};
/** At most `CELLS_NAMED`, in the order in which they were touched. */
const cells = z.array(z.string());
const EDITS = ["edited", "added", "deleted", "brought-back", "moved", "type-changed", "metadata", "cleared"] as const;

const timelineEventSchema = z.discriminatedUnion("kind", [
  z.strictObject({ ...base, kind: z.literal("edit"), actions: z.array(z.enum(EDITS)), cells }),
  z.strictObject({
    ...base,
    kind: z.literal("run"),
    outcome: z.enum(["ok", "error", "interrupted", "not-run"]),
    runs: z.number().int(),
    /** Milliseconds spent running. */
    duration: z.number(),
    cells,
    reason: z.string().optional(),
  }),
  z.strictObject({
    ...base,
    kind: z.literal("kernel"),
    what: z.enum(["restarted", "interrupted", "changed", "died"]),
    detail: z.string().optional(),
  }),
  z.strictObject({
    ...base,
    kind: z.literal("checkpoint"),
    what: z.enum(["created", "renamed", "deleted"]),
    checkpointId: checkpointIdSchema,
    name: z.string().nullable(),
    reason: checkpointReasonSchema.nullable(),
  }),
  z.strictObject({
    ...base,
    kind: z.literal("version"),
    cause: z.enum(["restored", "outside"]),
    checkpointId: checkpointIdSchema.nullable(),
    /** The checkpoint of what was there before. */
    before: checkpointIdSchema.nullable(),
    label: z.string(),
  }),
]);
export type TimelineEvent = z.infer<typeof timelineEventSchema>;
type EditAction = (typeof EDITS)[number];

export const timelineSchema = z.array(timelineEventSchema);

/** Events kept, newest last. */
export const TIMELINE_LIMIT = 2000;
const CELLS_NAMED = 50;
const MINUTE_MS = 60_000;

/** The timeline with an operation added. `state`: after the operation. The same array where it tells nothing. */
export function withEntry(
  events: readonly TimelineEvent[],
  entry: Entry,
  state: SessionState,
): readonly TimelineEvent[] {
  const event = eventOf(entry, state);
  if (!event) return events;
  const last = events.at(-1);
  const merged = last && merge(last, event);
  return merged ? events.with(-1, merged) : [...events, event].slice(-TIMELINE_LIMIT);
}

function eventOf({ seq, at, by, op }: Entry, state: SessionState): TimelineEvent | null {
  const told = { seq, at, until: at, by };
  const edit = editOf(op);
  if (edit) return { ...told, kind: "edit", actions: [edit.action], cells: edit.cells.slice(0, CELLS_NAMED) };
  switch (op.type) {
    case "execution-finished":
      return runOf(told, op, state);
    case "restart-kernel":
      return { ...told, kind: "kernel", what: "restarted" };
    case "interrupt-kernel":
      return { ...told, kind: "kernel", what: "interrupted" };
    case "select-kernel":
      return { ...told, kind: "kernel", what: "changed", detail: op.kernelName };
    case "kernel-changed":
      return op.status === "dead"
        ? { ...told, kind: "kernel", what: "died", ...(op.detail ? { detail: op.detail.slice(0, 500) } : {}) }
        : null;
    case "checkpoint-created": {
      const { checkpointId, name, reason } = op;
      return { ...told, kind: "checkpoint", what: "created", checkpointId, name, reason };
    }
    case "checkpoint-renamed":
    case "checkpoint-deleted": {
      const { checkpointId, name } = op;
      const what = op.type === "checkpoint-renamed" ? "renamed" : "deleted";
      return { ...told, kind: "checkpoint", what, checkpointId, name, reason: null };
    }
    case "notebook-replaced": {
      const { cause, checkpointId, before, label } = op;
      return { ...told, kind: "version", cause, checkpointId, before, label };
    }
    default:
      return null;
  }
}

function editOf(op: Operation): { action: EditAction; cells: string[] } | null {
  switch (op.type) {
    case "edit-source":
    case "set-source":
      return { action: "edited", cells: [op.cellId] };
    case "insert-cell":
      return { action: "added", cells: [op.cellId] };
    case "delete-cell":
      return { action: "deleted", cells: [op.cellId] };
    case "restore-cell":
      return { action: "brought-back", cells: [op.cellId] };
    case "move-cell":
      return { action: "moved", cells: [op.cellId] };
    case "set-cell-type":
      return { action: "type-changed", cells: [op.cellId] };
    case "set-metadata":
      return { action: "metadata", cells: op.cellId === null ? [] : [op.cellId] };
    case "clear-outputs":
      return { action: "cleared", cells: op.cellIds ?? [] };
    default:
      return null;
  }
}

type Told = { seq: number; at: number; until: number; by: Author | null };

function runOf(
  { seq, until }: Told,
  op: Extract<Operation, { type: "execution-finished" }>,
  state: SessionState,
): TimelineEvent | null {
  const execution = state.executions.find(({ id }) => id === op.executionId);
  if (!execution) return null;
  const { by, cellId, queuedAt, startedAt } = execution;
  const at = startedAt ?? queuedAt;
  const duration = startedAt === undefined ? 0 : Math.max(0, until - startedAt);
  const reason = op.reason === undefined ? {} : { reason: op.reason.slice(0, 500) };
  return { seq, at, until, by, kind: "run", outcome: op.status, runs: 1, duration, cells: [cellId], ...reason };
}

/** One event for what one person did within a minute; a failed run stands for itself. */
function merge(last: TimelineEvent, next: TimelineEvent): TimelineEvent | null {
  if (last.by?.id !== next.by?.id || last.by === null || next.until - last.at > MINUTE_MS) return null;
  const { seq, until } = next;
  if (last.kind === "edit" && next.kind === "edit")
    return { ...last, seq, until, actions: union(last.actions, next.actions), cells: union(last.cells, next.cells) };
  if (last.kind !== "run" || next.kind !== "run" || last.outcome !== next.outcome) return null;
  if (next.outcome === "error" || next.outcome === "interrupted" || last.reason !== next.reason) return null;
  const sums = { runs: last.runs + next.runs, duration: last.duration + next.duration };
  return { ...last, seq, until, ...sums, cells: union(last.cells, next.cells) };
}

const union = <T extends string>(a: readonly T[], b: readonly T[]): T[] =>
  b.every((item) => a.includes(item)) ? [...a] : [...new Set([...a, ...b])].slice(0, CELLS_NAMED);
