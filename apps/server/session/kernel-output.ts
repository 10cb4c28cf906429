import { randomUUID } from "node:crypto";
import { contentSchemas, type Message } from "@opsbook/jupyter";
import { type JsonObject, tagJson } from "@opsbook/notebook";
import type { ServerOperation, SessionOutput, SessionState } from "@opsbook/notebook/session";
import type { Blobs } from "../store/blobs.ts";
import type { Streams } from "./streams.ts";

/** Stream outputs of one run that may follow each other; beyond them each name goes on in its last one. */
const MAX_ALTERNATIONS = 200;

/** A stream of a finished run closes after this long without text. */
const LATE_QUIET_MS = 1000;

export interface OutputHost {
  state(): SessionState;
  submit(op: ServerOperation): boolean;
  streams: Streams;
  blobs: Blobs;
}

interface Run {
  cellId: string;
  /** Open stream outputs by name, the one that text goes to next. */
  open: Map<string, string>;
  streamCount: number;
  /** `clear_output(wait=True)`: cleared when the next output comes. */
  clearPending: boolean;
  finished: boolean;
  quiet: NodeJS.Timeout | undefined;
}

/** Turns what a kernel says on iopub into outputs of the cell that caused it, also after its run ended. */
export class KernelOutput {
  readonly #host: OutputHost;
  readonly #runs = new Map<string, Run>();

  constructor(host: OutputHost) {
    this.#host = host;
  }

  /** After a server restart: text of this run goes on in the streams that were open. */
  resume(executionId: string, cellId: string, outputs: readonly SessionOutput[]): void {
    const run = this.#run(executionId, cellId);
    for (const output of outputs) {
      if (output.output_type !== "stream" || output.executionId !== executionId) continue;
      run.streamCount += 1;
      if (this.#host.streams.isOpen(output.id)) run.open.set(output.name, output.id);
    }
  }

  /** Resolves when the message is part of the state; only a big display takes more than this turn. */
  handle(executionId: string, message: Message): Promise<void> | undefined {
    const cellId = this.#runs.get(executionId)?.cellId ?? this.#cellOf(executionId);
    if (cellId === undefined) return undefined;
    const run = this.#run(executionId, cellId);
    switch (message.header.msg_type) {
      case "stream":
        return this.#stream(executionId, run, message);
      case "display_data":
      case "execute_result":
        return this.#display(executionId, run, message);
      case "update_display_data":
        return this.#update(message);
      case "error": {
        const { ename, evalue, traceback } = contentSchemas.error.parse(message.content);
        const { redactor } = this.#host.streams;
        const told = { ename, evalue: redactor.text(evalue), traceback: redactor.json(traceback) };
        this.#place(run, { id: randomUUID(), executionId, output_type: "error", ...told });
        return undefined;
      }
      case "clear_output": {
        const { wait } = contentSchemas.clear_output.parse(message.content);
        if (wait) run.clearPending = true;
        else this.#clear(run);
        return undefined;
      }
      default:
        return undefined;
    }
  }

  /** Shows what the server itself has to say in the output of a run. */
  show(executionId: string, shown: { data: JsonObject; displayId: string; update: boolean }): void {
    const { displayId, update } = shown;
    const data = this.#clean(shown.data);
    const cellId = this.#runs.get(executionId)?.cellId ?? this.#cellOf(executionId);
    if (update) this.#host.submit({ type: "output-replaced", displayId, data, metadata: {} });
    else if (cellId !== undefined) {
      const what = { output_type: "display_data", data, metadata: {}, execution_count: null, displayId } as const;
      this.#place(this.#run(executionId, cellId), { id: randomUUID(), executionId, ...what });
    }
  }

  #cellOf(executionId: string): string | undefined {
    return this.#host.state().executions.find(({ id }) => id === executionId)?.cellId;
  }

  /** Closes the run's streams: before `execution-finished`, so that "done" is written last. */
  finish(executionId: string): void {
    const run = this.#runs.get(executionId);
    if (!run) return;
    this.#closeStreams(run);
    run.finished = true;
  }

  /** The cell's next run has begun: what the earlier one still says has nowhere to go. */
  forget(cellId: string, exceptExecutionId: string): void {
    for (const [id, run] of this.#runs) {
      if (run.cellId !== cellId || id === exceptExecutionId) continue;
      this.#closeStreams(run);
      this.#runs.delete(id);
    }
  }

  closeAll(): void {
    for (const run of this.#runs.values()) this.#closeStreams(run);
    this.#runs.clear();
  }

  #run(executionId: string, cellId: string): Run {
    let run = this.#runs.get(executionId);
    if (!run) {
      run = { cellId, open: new Map(), streamCount: 0, clearPending: false, finished: false, quiet: undefined };
      this.#runs.set(executionId, run);
    }
    return run;
  }

  #stream(executionId: string, run: Run, message: Message): undefined {
    const { name, text } = contentSchemas.stream.parse(message.content);
    if (text === "") return;
    this.#clearIfPending(run);
    const { streams } = this.#host;
    let outputId = this.#current(run, name);
    if (outputId === undefined) {
      if (run.streamCount < MAX_ALTERNATIONS) this.#closeStreams(run);
      outputId = randomUUID();
      streams.open(outputId);
      run.open.set(name, outputId);
      run.streamCount += 1;
      const output: SessionOutput = { id: outputId, executionId, output_type: "stream", name, bytes: 0, closed: false };
      this.#host.submit({ type: "output-opened", cellId: run.cellId, output });
    }
    streams.append(outputId, text);
    if (run.finished) this.#closeWhenQuiet(run);
  }

  /** The stream of this name, where text may still be appended to it. */
  #current(run: Run, name: string): string | undefined {
    const outputId = run.open.get(name);
    if (outputId === undefined) return undefined;
    const outputs = this.#host.state().notebook.cells.find(({ id }) => id === run.cellId)?.outputs ?? [];
    const shown = outputs.some(({ id }) => id === outputId);
    if (!shown) run.open.delete(name);
    const isLast = outputs.at(-1)?.id === outputId;
    return shown && (isLast || run.streamCount >= MAX_ALTERNATIONS) ? outputId : undefined;
  }

  #display(executionId: string, run: Run, message: Message): Promise<void> | undefined {
    const isResult = message.header.msg_type === "execute_result";
    const content = contentSchemas[isResult ? "execute_result" : "display_data"].parse(message.content);
    const displayId = displayIdOf(message.content);
    const place = (data: JsonObject) =>
      this.#place(run, {
        id: randomUUID(),
        executionId,
        output_type: isResult ? "execute_result" : "display_data",
        data,
        metadata: held(content.metadata),
        execution_count: typeof content.execution_count === "number" ? content.execution_count : null,
        ...(displayId === undefined ? {} : { displayId }),
      });
    return this.#withSmallData(this.#clean(content.data), place);
  }

  #update(message: Message): Promise<void> | undefined {
    const content = contentSchemas.update_display_data.parse(message.content);
    const displayId = displayIdOf(message.content);
    if (displayId === undefined) return undefined;
    return this.#withSmallData(this.#clean(content.data), (data) => {
      this.#host.submit({
        type: "output-replaced",
        displayId,
        data,
        metadata: held(content.metadata),
      });
    });
  }

  #clean(data: JsonObject): JsonObject {
    return held(this.#host.streams.redactor.bundle(data));
  }

  #withSmallData(data: JsonObject, use: (data: JsonObject) => void): Promise<void> | undefined {
    const { blobs } = this.#host;
    if (!blobs.isSmall(data)) return blobs.externalize(data).then(use);
    use(data);
    return undefined;
  }

  #place(run: Run, output: SessionOutput): void {
    this.#clearIfPending(run);
    this.#closeStreams(run);
    this.#host.submit({ type: "output-opened", cellId: run.cellId, output });
  }

  #clearIfPending(run: Run): void {
    if (run.clearPending) this.#clear(run);
  }

  #clear(run: Run): void {
    run.clearPending = false;
    run.open.clear();
    this.#host.submit({ type: "outputs-cleared", cellId: run.cellId });
  }

  #closeWhenQuiet(run: Run): void {
    clearTimeout(run.quiet);
    run.quiet = setTimeout(() => this.#closeStreams(run), LATE_QUIET_MS);
    run.quiet.unref();
  }

  #closeStreams(run: Run): void {
    clearTimeout(run.quiet);
    for (const outputId of run.open.values()) {
      const end = this.#host.streams.close(outputId);
      if (end) this.#host.submit({ type: "output-closed", cellId: run.cellId, outputId, ...end });
    }
    run.open.clear();
  }
}

/** A kernel's plain JSON as the notebook holds it. */
const held = (value: JsonObject): JsonObject => tagJson(value) as JsonObject;

function displayIdOf(content: JsonObject): string | undefined {
  const { transient } = content;
  if (typeof transient !== "object" || transient === null || Array.isArray(transient)) return undefined;
  return typeof transient.display_id === "string" ? transient.display_id : undefined;
}
