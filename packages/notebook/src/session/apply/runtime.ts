import type { JsonObject } from "../../model.ts";
import type { ServerOperation, UserOperation } from "../operations.ts";
import type { Runtime, SessionState } from "../state.ts";
import { type ApplyContext, type ApplyResult, applied, rejected } from "./result.ts";
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
  const { promptId: id, executionId, text, password } = op;
  const prompt = { id, executionId, cellId: execution.cellId, text, password, openedAt: at };
  return applied({ ...state, prompts: [...state.prompts.filter((other) => other.id !== id), prompt] });
}

/** Answered once: the second answer finds no prompt. */
export function answerPrompt(state: SessionState, op: Op<"answer-prompt">): ApplyResult {
  const next = closePrompt(state, op.promptId);
  if (!next) return rejected("prompt-not-found", "Somebody answered this already, or its run has ended.");
  return applied(next, [{ type: "send-input", promptId: op.promptId, value: op.value }]);
}

export function promptAnswered(state: SessionState, op: Op<"prompt-answered">): ApplyResult {
  const next = closePrompt(state, op.promptId);
  return next ? applied(next) : rejected("prompt-not-found", "This prompt is closed already.");
}

function closePrompt(state: SessionState, promptId: string): SessionState | null {
  if (!state.prompts.some(({ id }) => id === promptId)) return null;
  return { ...state, prompts: state.prompts.filter(({ id }) => id !== promptId) };
}

export function clientJoined(state: SessionState, op: Op<"client-joined">, { at }: ApplyContext): ApplyResult {
  const client = { id: op.clientId, user: op.user, role: op.role, joinedAt: at };
  return applied({ ...state, clients: [...state.clients.filter(({ id }) => id !== op.clientId), client] });
}

export function clientLeft(state: SessionState, op: Op<"client-left">): ApplyResult {
  return applied({ ...state, clients: state.clients.filter(({ id }) => id !== op.clientId) });
}
