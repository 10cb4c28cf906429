import type { ServerOperation, SessionState } from "@opsbook/notebook/session";
import type { Runtime } from "../runtime/index.ts";
import type { KernelCursor } from "../store/session-folder.ts";
import type { KernelDriver } from "./kernel-driver.ts";
import type { KernelOutput } from "./kernel-output.ts";
import type { Streams } from "./streams.ts";

export interface ResumeParts {
  streams: Streams;
  runtime: Runtime;
  output: KernelOutput;
  driver: KernelDriver;
  submit(op: ServerOperation): boolean;
}

/**
 * After a server's restart: a kernel that went on is read from where the log says we were; what an earlier
 * server left running on a kernel that is gone ends here.
 */
export async function resumeKernel(
  { state, cursor }: { state: SessionState; cursor: KernelCursor | null },
  parts: ResumeParts,
): Promise<void> {
  const { runtime, notebook, executions } = state;
  const { streams, output, driver } = parts;
  const kernel = runtime.kernelId ? parts.runtime.kernel(runtime.kernelId) : undefined;
  if (!kernel || cursor?.kernelId !== kernel.id) {
    await kernel?.shutdown();
    await endLostRuns(state, parts);
    return;
  }
  const shown = new Set(notebook.cells.flatMap(({ outputs }) => outputs.map(({ id }) => id)));
  for (const [outputId, bytes] of Object.entries(cursor.streams))
    if (shown.has(outputId)) await streams.resume(outputId, bytes, cursor.held?.[outputId]);
  for (const { id, cellId } of executions) {
    const cell = notebook.cells.find((other) => other.id === cellId);
    if (cell) output.resume(id, cellId, cell.outputs);
  }
  // Not awaited: the kernel may be busy for hours, and the notebook can be looked at meanwhile.
  void driver.resume(kernel, cursor);
}

async function endLostRuns({ notebook, executions, runtime }: SessionState, parts: ResumeParts): Promise<void> {
  const { streams, submit } = parts;
  for (const { id: cellId, outputs } of notebook.cells)
    for (const output of outputs) {
      if (output.output_type !== "stream" || output.closed) continue;
      await streams.resume(output.id);
      const end = streams.close(output.id);
      if (end) submit({ type: "output-closed", cellId, outputId: output.id, ...end });
    }
  for (const { id, status } of executions) {
    if (status !== "running" && status !== "queued") continue;
    const reason = "The server was stopped and the kernel with it.";
    const end = status === "running" ? "interrupted" : "not-run";
    submit({ type: "execution-finished", executionId: id, status: end, executionCount: null, reason });
  }
  const { detail: _detail, ...rest } = runtime;
  if (rest.kernelId !== null || rest.status !== "none")
    submit({ type: "kernel-changed", ...rest, kernelId: null, status: "none" });
}
