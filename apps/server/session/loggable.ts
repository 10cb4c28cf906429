import { answerSummary, type Operation, type SessionState, type UserOperation } from "@opsbook/notebook/session";

/** The operation as log and other clients get it: an answer goes to the kernel and nowhere else. */
export function loggable(op: UserOperation, before: SessionState): Operation {
  if (op.type !== "answer-prompt") return op;
  const { promptId, value } = op;
  const form = before.prompts.find(({ id }) => id === promptId)?.form;
  if (!form || typeof value === "string") return { type: "prompt-answered", promptId };
  return { type: "prompt-answered", promptId, summary: answerSummary(form, value) };
}
