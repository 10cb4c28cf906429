import { isTooDeep, MAX_VALUE_DEPTH } from "../json.ts";
import type { ServerOperation } from "../operations.ts";
import type { SessionOutput, SessionState } from "../state.ts";
import { type ApplyResult, applied, cellGone, outputIds, rejected, updateCell, withCells } from "./result.ts";

type Op<T extends ServerOperation["type"]> = Extract<ServerOperation, { type: T }>;

export function outputOpened(state: SessionState, { cellId, output }: Op<"output-opened">): ApplyResult {
  const cell = state.notebook.cells.find(({ id }) => id === cellId);
  if (!cell) return cellGone(cellId);
  if (cell.cell_type !== "code") return rejected("not-a-code-cell", "Only code cells have outputs.");
  const { id, executionId } = output;
  if (executionId !== null && !state.executions.some((run) => run.id === executionId && run.cellId === cellId))
    return rejected("execution-not-found", "The cell shows another run by now.");
  if (cell.outputs.some((other) => other.id === id)) return rejected("invalid", "This output is shown already.");
  if ("data" in output && isTooDeep([output.data, output.metadata])) return tooDeep();
  return applied(updateCell(state, cellId, (old) => ({ ...old, outputs: [...old.outputs, output] }))!);
}

const tooDeep = () =>
  rejected("too-large", `A value nests more than ${MAX_VALUE_DEPTH} levels; it could not be saved.`);

export function outputClosed(state: SessionState, op: Op<"output-closed">): ApplyResult {
  const cell = state.notebook.cells.find(({ id }) => id === op.cellId);
  if (!cell) return cellGone(op.cellId);
  const index = cell.outputs.findIndex(({ id }) => id === op.outputId);
  const output = cell.outputs[index];
  if (output?.output_type !== "stream") return rejected("output-not-found", "This output was cleared meanwhile.");
  if (output.closed) return rejected("output-not-found", "This output is closed already.");
  const { bytes, hash, lines } = op;
  const closed: SessionOutput = { ...output, bytes, hash, closed: true, ...(lines === undefined ? {} : { lines }) };
  return applied(updateCell(state, op.cellId, (old) => ({ ...old, outputs: old.outputs.with(index, closed) }))!);
}

export function outputReplaced(state: SessionState, op: Op<"output-replaced">): ApplyResult {
  if (isTooDeep([op.data, op.metadata])) return tooDeep();
  const matches = (output: SessionOutput) => "displayId" in output && output.displayId === op.displayId;
  if (!state.notebook.cells.some((cell) => cell.outputs.some(matches)))
    return rejected("output-not-found", "No output shows this display any more.");
  const cells = state.notebook.cells.map((cell) =>
    cell.outputs.some(matches)
      ? {
          ...cell,
          outputs: cell.outputs.map((output) =>
            matches(output) ? ({ ...output, data: op.data, metadata: op.metadata } as SessionOutput) : output,
          ),
        }
      : cell,
  );
  return applied(withCells(state, cells));
}

export function outputsCleared(state: SessionState, op: Op<"outputs-cleared">): ApplyResult {
  const cell = state.notebook.cells.find(({ id }) => id === op.cellId);
  if (!cell) return cellGone(op.cellId);
  if (cell.outputs.length === 0) return applied(state);
  return applied(updateCell(state, op.cellId, (old) => ({ ...old, outputs: [] }))!, [
    { type: "discard-outputs", outputIds: outputIds(cell) },
  ]);
}
