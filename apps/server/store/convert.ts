import { randomUUID } from "node:crypto";
import type { Cell, Notebook, Output } from "@opsbook/notebook";
import type { SessionCell, SessionNotebook, SessionOutput } from "@opsbook/notebook/session";
import type { Blobs } from "./blobs.ts";
import { adoptWhole, savedText } from "./saved-stream.ts";
import type { SpoolEnd } from "./spool.ts";
import type { Spools } from "./spools.ts";

/** Between the notebook as a file holds it and as a session holds it: text in spools, big values in blobs. */
export interface OutputStore {
  blobs: Blobs;
  spools: Spools;
}

export async function toSession(notebook: Notebook, store: OutputStore): Promise<SessionNotebook> {
  const cells = await Promise.all(notebook.cells.map((cell) => toSessionCell(cell, store)));
  return {
    metadata: notebook.metadata,
    nbformat_minor: notebook.nbformat_minor,
    cells,
    bin: [],
    ...(notebook.form ? { form: notebook.form } : {}),
  };
}

async function toSessionCell(cell: Cell, store: OutputStore): Promise<SessionCell> {
  const { id, cell_type, source, metadata } = cell;
  const code = cell.cell_type === "code" ? cell : null;
  return {
    id,
    cell_type,
    source,
    metadata,
    outputs: code ? await Promise.all(code.outputs.map((output) => toSessionOutput(output, store))) : [],
    execution_count: code?.execution_count ?? null,
    version: 0,
    ...(cell.cell_type !== "code" && cell.attachments ? { attachments: cell.attachments } : {}),
    ...(cell.form ? { form: cell.form } : {}),
  };
}

async function toSessionOutput(output: Output, store: OutputStore): Promise<SessionOutput> {
  const base = { id: randomUUID(), executionId: null, ...(output.form ? { form: output.form } : {}) };
  switch (output.output_type) {
    case "stream": {
      const end = await putStream(base.id, output.text, store.spools);
      return { ...base, output_type: "stream", name: output.name, closed: true, ...end };
    }
    case "error": {
      const { ename, evalue, traceback } = output;
      return { ...base, output_type: "error", ename, evalue, traceback };
    }
    case "display_data":
    case "execute_result": {
      const data = store.blobs.isSmall(output.data) ? output.data : await store.blobs.externalize(output.data);
      const count = output.output_type === "execute_result" ? output.execution_count : null;
      return { ...base, output_type: output.output_type, data, metadata: output.metadata, execution_count: count };
    }
  }
}

export async function toFile(notebook: SessionNotebook, store: OutputStore): Promise<Notebook> {
  const cells = await Promise.all(notebook.cells.map((cell) => toFileCell(cell, store)));
  return {
    nbformat: 4,
    nbformat_minor: notebook.nbformat_minor,
    metadata: notebook.metadata,
    cells,
    ...(notebook.form ? { form: notebook.form } : {}),
  };
}

async function toFileCell(cell: SessionCell, store: OutputStore): Promise<Cell> {
  const { id, source, metadata, execution_count } = cell;
  const base = { id, source, metadata, ...(cell.form ? { form: cell.form } : {}) };
  if (cell.cell_type === "code") {
    const outputs = await Promise.all(cell.outputs.map((output) => toFileOutput(output, store)));
    return { ...base, cell_type: "code", execution_count, outputs };
  }
  return { ...base, cell_type: cell.cell_type, ...(cell.attachments ? { attachments: cell.attachments } : {}) };
}

async function toFileOutput(output: SessionOutput, store: OutputStore): Promise<Output> {
  const form = output.form ? { form: output.form } : {};
  switch (output.output_type) {
    case "stream":
      return { output_type: "stream", name: output.name, text: await savedText(output.id, store.spools), ...form };
    case "error": {
      const { ename, evalue, traceback } = output;
      return { output_type: "error", ename, evalue, traceback, ...form };
    }
    case "display_data":
    case "execute_result": {
      const data = await store.blobs.inline(output.data);
      const { metadata, execution_count } = output;
      return output.output_type === "execute_result"
        ? { output_type: "execute_result", execution_count, data, metadata, ...form }
        : { output_type: "display_data", data, metadata, ...form };
    }
  }
}

/** The whole text where the file's was cut from a spool that is still there, else what the file holds. */
async function putStream(outputId: string, text: string, spools: Spools): Promise<SpoolEnd> {
  if (await adoptWhole(text, outputId, spools)) return spools.measure(outputId);
  return spools.write(outputId, text);
}
