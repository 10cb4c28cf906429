import type { ServerOperation, UserOperation } from "../operations.ts";
import type { Execution, SessionState } from "../state.ts";
import { type ApplyResult, applied, rejected } from "./result.ts";

type Op<T extends (UserOperation | ServerOperation)["type"]> = Extract<UserOperation | ServerOperation, { type: T }>;

/** Places where one run may wait at once. */
const MOST_BREAKPOINTS = 50;

/** Its program waits at a breakpoint. */
export const isStopped = ({ breakpoints }: Execution): boolean => breakpoints !== undefined;

/** The run that goes forward, else the one that stopped last: what an interrupt ends. */
export function runningNow(executions: readonly Execution[]): Execution | undefined {
  const running = executions.filter(({ status }) => status === "running");
  return running.findLast((execution) => !isStopped(execution)) ?? running.at(-1);
}

export function breakpointOpened(state: SessionState, op: Op<"breakpoint-opened">): ApplyResult {
  const execution = state.executions.find(({ id }) => id === op.executionId);
  if (execution?.status !== "running") return rejected("execution-not-found", "The run that stopped has ended.");
  const others = (execution.breakpoints ?? []).filter(({ id }) => id !== op.breakpointId);
  if (others.length >= MOST_BREAKPOINTS)
    return rejected("too-large", `A run waits at no more than ${MOST_BREAKPOINTS} breakpoints at once.`);
  const breakpoints = [...others, { id: op.breakpointId, banner: op.banner }];
  return applied(withRun(state, { ...execution, breakpoints }), [{ type: "advance-queue" }]);
}

export function breakpointClosed(state: SessionState, { breakpointId }: Op<"breakpoint-closed">): ApplyResult {
  const execution = state.executions.find((one) => one.breakpoints?.some(({ id }) => id === breakpointId));
  if (!execution) return rejected("execution-not-found", "This breakpoint was left already.");
  const left = execution.breakpoints!.filter(({ id }) => id !== breakpointId);
  return applied(withRun(state, left.length > 0 ? { ...execution, breakpoints: left } : goingOn(execution)));
}

/** Without its breakpoints. */
export function goingOn({ breakpoints: _left, ...execution }: Execution): Execution {
  return execution;
}

/** The kernel lets go on what stopped last. */
export function continueRun(state: SessionState, { executionId }: Op<"continue-run">): ApplyResult {
  const execution = state.executions.find(({ id }) => id === executionId);
  if (!execution || !isStopped(execution))
    return rejected("execution-not-found", "This run does not wait at a breakpoint any more.");
  if (state.executions.findLast(isStopped) !== execution)
    return rejected("cell-busy", "Another cell stopped after this one. Let that one go on first.");
  return applied(state, [{ type: "continue-execution" }]);
}

const withRun = (state: SessionState, changed: Execution): SessionState => ({
  ...state,
  executions: state.executions.map((execution) => (execution.id === changed.id ? changed : execution)),
});
