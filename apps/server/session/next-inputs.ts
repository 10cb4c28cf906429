import { createHash } from "node:crypto";
import {
  type Author,
  LIMITS,
  nextInput,
  type Operation,
  type SessionState,
  type TextChange,
} from "@opsbook/notebook/session";
import type { Logger } from "pino";
import { z } from "zod";
import type { Redactor } from "./redactor.ts";

const payloadSchema = z.looseObject({
  source: z.literal("set_next_input"),
  text: z.string().max(LIMITS.source),
  replace: z.boolean().default(false),
});

/** Cells that one run may add. */
const MOST_INPUTS = 20;

export interface NextInputsHost {
  state(): SessionState;
  /** What the server does because somebody asked for it. */
  submit(op: Operation, by: Author): unknown;
  replaceText(cellId: string, before: string, after: string): TextChange;
  redactor: Redactor;
  log: Logger;
}

/** Carries out the `set_next_input` payloads of a run's reply. A kernel that sends other payloads is not obeyed. */
export function setNextInputs(host: NextInputsHost, executionId: string, payloads: readonly unknown[]): void {
  const asked = payloads.flatMap((payload) => payloadSchema.safeParse(payload).data ?? []).slice(0, MOST_INPUTS);
  // Each goes right below the cell that ran, so that the first one ends on top.
  for (const [index, { text, replace }] of [...asked.entries()].reverse()) {
    const cellId = cellIdOf(executionId, index);
    const op = nextInput(host.state(), { executionId, cellId, text: host.redactor.text(text), replace });
    const by = host.state().executions.find(({ id }) => id === executionId)?.by;
    if (!op || !by) continue;
    const result = host.submit(op.type === "set-source" ? edit(host, op) : op, by);
    if (typeof result === "object" && result !== null && "code" in result)
      host.log.warn({ result }, "the next input that a kernel set was not taken");
  }
}

/** So that open documents follow. */
function edit(
  { state, replaceText }: NextInputsHost,
  { cellId, source }: { cellId: string; source: string },
): Operation {
  const before = state().notebook.cells.find(({ id }) => id === cellId)?.source ?? "";
  return { type: "edit-source", cellId, ...replaceText(cellId, before, source.replace(/\r\n?/g, "\n")) };
}

/** The same for a reply that is read again after a crash: its cell is there then. */
const cellIdOf = (executionId: string, index: number) =>
  createHash("sha256").update(`${executionId} ${index}`).digest("hex").slice(0, 32);
