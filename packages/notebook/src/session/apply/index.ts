import type { Operation } from "../operations.ts";
import type { SessionState } from "../state.ts";
import * as breakpoints from "./breakpoints.ts";
import * as cells from "./cells.ts";
import * as outputs from "./outputs.ts";
import { type ApplyContext, type ApplyResult, applied } from "./result.ts";
import * as runs from "./runs.ts";
import * as runtime from "./runtime.ts";
import { notebookReplaced } from "./versions.ts";

export { isStopped, runningNow } from "./breakpoints.ts";
export { applySplices } from "./cells.ts";
export type { Applied, ApplyContext, ApplyResult, Effect } from "./result.ts";
export { rejected } from "./result.ts";
export { isActive } from "./runs.ts";

/**
 * The one transition of a session: pure, total, the same on the server and in every browser.
 * A rejection is an expected race, never a crash. Permissions are asked before this (`can`).
 */
export function apply(state: SessionState, op: Operation, context: ApplyContext): ApplyResult {
  switch (op.type) {
    case "insert-cell":
      return cells.insertCell(state, op, context);
    case "delete-cell":
      return cells.deleteCell(state, op, context);
    case "restore-cell":
      return cells.restoreCell(state, op);
    case "move-cell":
      return cells.moveCell(state, op);
    case "set-cell-type":
      return cells.setCellType(state, op);
    case "edit-source":
      return cells.editSource(state, op, context);
    case "set-source":
      return cells.setSource(state, op, context);
    case "set-metadata":
      return cells.setMetadata(state, op, context);
    case "clear-outputs":
      return cells.clearOutputs(state, op);
    case "run-cells":
      return runs.runCells(state, op, context);
    case "cancel-run":
      return runs.cancelRun(state, op, context);
    case "continue-run":
      return breakpoints.continueRun(state, op);
    case "interrupt-kernel":
      return applied(state, [{ type: "interrupt-kernel" }]);
    case "restart-kernel":
      return runtime.restartKernel(state, context);
    case "select-kernel":
      return runtime.selectKernel(state, op);
    case "answer-prompt":
      return runtime.answerPrompt(state, op, context);
    case "execution-started":
      return runs.executionStarted(state, op, context);
    case "execution-finished":
      return runs.executionFinished(state, op, context);
    case "breakpoint-opened":
      return breakpoints.breakpointOpened(state, op);
    case "breakpoint-closed":
      return breakpoints.breakpointClosed(state, op);
    case "output-opened":
      return outputs.outputOpened(state, op);
    case "output-closed":
      return outputs.outputClosed(state, op);
    case "output-replaced":
      return outputs.outputReplaced(state, op);
    case "outputs-cleared":
      return outputs.outputsCleared(state, op);
    case "kernel-changed":
      return runtime.kernelChanged(state, op);
    case "prompt-opened":
      return runtime.promptOpened(state, op, context);
    case "prompt-answered":
      return runtime.promptAnswered(state, op, context);
    case "client-joined":
      return runtime.clientJoined(state, op, context);
    case "client-left":
      return runtime.clientLeft(state, op);
    case "conflict-opened":
      return runtime.conflictOpened(state, op, context);
    case "conflict-closed":
      return runtime.conflictClosed(state, op);
    case "notebook-replaced":
      return notebookReplaced(state, op, context);
    case "checkpoint-created":
    case "checkpoint-renamed":
    case "checkpoint-deleted":
      // Kept beside the session; in the log so that everybody hears of it and the timeline can tell it.
      return applied(state);
    default:
      return unreachable(op);
  }
}

function unreachable(op: never): never {
  throw new Error(`apply: unknown operation ${JSON.stringify(op)}`);
}
