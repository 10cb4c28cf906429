import type { JsonObject } from "../../model.ts";
import type { ServerOperation, UserOperation } from "../operations.ts";
import { ANSWER_TYPE, answerErrors, answerSummary } from "../question.ts";
import type { Author, Prompt, Runtime, SessionDisplay, SessionState } from "../state.ts";
import { type ApplyContext, type ApplyResult, applied, rejected, updateCell } from "./result.ts";
import { isActive, notRun } from "./runs.ts";

type Op<T extends (UserOperation | ServerOperation)["type"]> = Extract<UserOperation | ServerOperation, { type: T }>;

export function restartKernel(state: SessionState, { by, at }: ApplyContext): ApplyResult {
  const reason = `Not run: ${by?.name ?? "the server"} restarted the kernel.`;
  return applied(notRun(state, { reason, at }), [{ type: "restart-kernel" }]);
}

export function selectKernel(state: SessionState, op: Op<"select-kernel">): ApplyResult {
  if (state.executions.some(isActive))
    return rejected("cell-busy", "Cells are running or queued. Interrupt them before changing the kernel.");
  return applied(state, [{ type: "select-kernel", kernelName: op.kernelName }]);
}

/** The notebook remembers a kernel that was really found, not one that is missing here. */
export function kernelChanged(state: SessionState, op: Op<"kernel-changed">): ApplyResult {
  const { type: _type, ...fields } = op;
  const { detail, ...rest } = fields;
  const runtime: Runtime = detail === undefined ? rest : { ...rest, detail };
  const spec = state.notebook.metadata.kernelspec;
  const known = typeof spec === "object" && spec !== null && !Array.isArray(spec) ? spec : {};
  if (op.status === "unknown-kernel" || op.status === "none" || known.name === op.kernelName)
    return applied({ ...state, runtime });
  const kernelspec: JsonObject = { display_name: op.displayName, language: op.language, name: op.kernelName };
  const { language_info: _old, ...metadata } = state.notebook.metadata;
  return applied({ ...state, runtime, notebook: { ...state.notebook, metadata: { ...metadata, kernelspec } } });
}

export function promptOpened(state: SessionState, op: Op<"prompt-opened">, { at }: ApplyContext): ApplyResult {
  const execution = state.executions.find(({ id }) => id === op.executionId);
  if (execution?.status !== "running") return rejected("execution-not-found", "The run that asks has ended.");
  const { promptId: id, executionId, text, password, form } = op;
  const { cellId } = execution;
  const prompt: Prompt = { id, executionId, cellId, text, password, ...(form ? { form } : {}), openedAt: at };
  return applied({ ...state, prompts: [...state.prompts.filter((other) => other.id !== id), prompt] });
}

/** Answered once: the second answer finds no prompt. */
export function answerPrompt(state: SessionState, op: Op<"answer-prompt">, context: ApplyContext): ApplyResult {
  const { promptId, value } = op;
  const prompt = state.prompts.find(({ id }) => id === promptId);
  if (!prompt) return rejected("prompt-not-found", "Somebody answered this already, or its run has ended.");
  if (typeof value === "string") {
    if (prompt.form) return rejected("invalid", "This question is a form; answer it field by field.");
    return applied(closePrompt(state, prompt), [{ type: "send-input", promptId, value }]);
  }
  if (!prompt.form) return rejected("invalid", "This question takes a line of text.");
  const error = answerErrors(prompt.form, value)[0];
  if (error) return rejected("invalid", `${error.field}: ${error.message}`);
  const next = closePrompt(state, prompt, { summary: answerSummary(prompt.form, value), by: context.by });
  return applied(next, [{ type: "send-answer", promptId, answer: value }]);
}

export function promptAnswered(state: SessionState, op: Op<"prompt-answered">, { by }: ApplyContext): ApplyResult {
  const prompt = state.prompts.find(({ id }) => id === op.promptId);
  if (!prompt) return rejected("prompt-not-found", "This prompt is closed already.");
  return applied(closePrompt(state, prompt, op.summary === undefined ? undefined : { summary: op.summary, by }));
}

/** Of an answered form a line stays in the cell's output: what was asked, what was answered, and by whom. */
function closePrompt(
  state: SessionState,
  prompt: Prompt,
  answered?: { summary: string; by: Author | null },
): SessionState {
  const { id, executionId, cellId, text } = prompt;
  const next = { ...state, prompts: state.prompts.filter((other) => other.id !== id) };
  if (!answered) return next;
  const { summary, by } = answered;
  const who = by ? ` (${by.name})` : "";
  const question = text === "" || text === summary ? "" : `${text}  `;
  const output: SessionDisplay = {
    id,
    executionId,
    output_type: "display_data",
    data: {
      "text/plain": `${question}${summary}${who}`,
      [ANSWER_TYPE]: { question: text, answer: summary, by: by?.name ?? "" },
    },
    metadata: {},
    execution_count: null,
  };
  return updateCell(next, cellId, (cell) => ({ ...cell, outputs: [...cell.outputs, output] })) ?? next;
}

export function clientJoined(state: SessionState, op: Op<"client-joined">, { at }: ApplyContext): ApplyResult {
  const client = { id: op.clientId, user: op.user, role: op.role, joinedAt: at };
  return applied({ ...state, clients: [...state.clients.filter(({ id }) => id !== op.clientId), client] });
}

export function clientLeft(state: SessionState, op: Op<"client-left">): ApplyResult {
  return applied({ ...state, clients: state.clients.filter(({ id }) => id !== op.clientId) });
}

export function conflictOpened(state: SessionState, op: Op<"conflict-opened">, { at }: ApplyContext): ApplyResult {
  return applied({ ...state, conflict: { id: op.conflictId, file: op.file, at } });
}

export function conflictClosed(state: SessionState, op: Op<"conflict-closed">): ApplyResult {
  if (state.conflict?.id !== op.conflictId) return rejected("invalid", "This conflict was decided already.");
  const { conflict: _decided, ...rest } = state;
  return applied(rest);
}
