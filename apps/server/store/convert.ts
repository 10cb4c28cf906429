import { createHash, randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import type { Cell, Notebook, Output } from "@opsbook/notebook";
import type { SessionCell, SessionNotebook, SessionOutput, SessionStream } from "@opsbook/notebook/session";
import { writeSynced } from "./atomic-write.ts";
import type { Blobs } from "./blobs.ts";
import { nextLineStart, readSpool } from "./spool.ts";

/** Between the notebook as a file holds it and as a session holds it: text in spools, big values in blobs. */
export interface OutputStore {
  blobs: Blobs;
  /** Where the text of a stream output is. */
  spoolFile(outputId: string): string;
}

/** A saved stream output holds at most this many bytes: a head, a note, a tail. */
export const SAVED_STREAM_BYTES = 1_048_576;

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
      const data = Buffer.from(output.text);
      await writeSynced(store.spoolFile(base.id), data, 0o600);
      const hash = createHash("sha256").update(data).digest("hex");
      return { ...base, output_type: "stream", name: output.name, bytes: data.length, closed: true, hash };
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
      return { output_type: "stream", name: output.name, text: savedText(output, store), ...form };
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

function savedText(output: SessionStream, store: OutputStore): string {
  const file = store.spoolFile(output.id);
  try {
    const head = readSpool(file, 0, SAVED_STREAM_BYTES + 1);
    if (head.length <= SAVED_STREAM_BYTES) return head.toString();
    return cut(file, output);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return `[the text of this output is gone: ${output.bytes} bytes]\n`;
  }
}

function cut(file: string, output: SessionStream): string {
  const half = SAVED_STREAM_BYTES / 2;
  const head = readSpool(file, 0, half).toString();
  const shown = head.slice(0, head.lastIndexOf("\n") + 1) || head;
  const shownBytes = Buffer.byteLength(shown);
  const total = Math.max(output.bytes, sizeOf(file));
  const tailStart = nextLineStart(file, total - half);
  const tail = readSpool(file, tailStart, half + 65_536).toString();
  const hidden = tailStart - shownBytes;
  return `${shown}[opsbook: ${hidden} bytes left out here; the whole output is kept as .opsbook/spools/${output.id}]\n${tail}`;
}

const sizeOf = (file: string) => statSync(file).size;
