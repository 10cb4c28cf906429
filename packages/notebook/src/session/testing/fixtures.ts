import type { Applied, ApplyContext, ApplyResult } from "../apply/index.ts";
import { apply } from "../apply/index.ts";
import type { Operation, RejectionCode } from "../operations.ts";
import type { Author, Execution, SessionCell, SessionState, SessionStream } from "../state.ts";

export const ADA: Author = { id: "u-ada", name: "Ada" };
export const BOB: Author = { id: "u-bob", name: "Bob" };
export const BY_ADA: ApplyContext = { by: ADA, at: 1_000 };
export const BY_SERVER: ApplyContext = { by: null, at: 2_000 };

export function cell(id: string, source = "", more: Partial<SessionCell> = {}): SessionCell {
  return { id, cell_type: "code", source, metadata: {}, outputs: [], execution_count: null, version: 0, ...more };
}

export function stream(
  id: string,
  executionId: string | null = null,
  more: Partial<SessionStream> = {},
): SessionStream {
  return { id, executionId, output_type: "stream", name: "stdout", bytes: 0, closed: false, ...more };
}

export function execution(id: string, cellId: string, more: Partial<Execution> = {}): Execution {
  return { id, cellId, by: ADA, code: "1", status: "queued", queuedAt: 500, ...more };
}

export function stateOf(cells: SessionCell[], more: Partial<SessionState> = {}): SessionState {
  return {
    notebook: { metadata: {}, nbformat_minor: 5, cells, bin: [] },
    runtime: {
      kernelName: "typescript",
      displayName: "TypeScript",
      language: "typescript",
      kernelId: null,
      status: "none",
    },
    executions: [],
    prompts: [],
    clients: [],
    ...more,
  };
}

/** Frozen to the last leaf: a transition that writes to its arguments throws. */
function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}

export function tryApply(state: SessionState, op: Operation, context: ApplyContext = BY_ADA): ApplyResult {
  return apply(deepFreeze(state), deepFreeze(op), deepFreeze(context));
}

export function must(state: SessionState, op: Operation, context: ApplyContext = BY_ADA): Applied {
  const result = tryApply(state, op, context);
  if (!result.ok) throw new Error(`${op.type} was refused: ${result.code}: ${result.message}`);
  return result;
}

export function codeOf(result: ApplyResult): RejectionCode | "accepted" {
  return result.ok ? "accepted" : result.code;
}
