/**
 * The notebook as plain JSON data: what an `.ipynb` file holds, with multi-line strings joined.
 * Everything here survives `structuredClone` and `JSON.stringify`; values JSON.parse would change
 * (`1.0`, 30-digit integers, NaN, odd key orders) are carried in the codec's tagged form.
 * Source: nbformat 4.5, https://nbformat.readthedocs.io/en/latest/format_description.html
 */

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

/** MIME type → data; text MIME types hold one joined string, `*+json` types any JSON value. */
export type MimeBundle = JsonObject;

/** Opaque to everybody but the codec: key order, list-or-string style, unknown keys of one file object. */
export type FileForm = JsonObject;

export interface StreamOutput {
  output_type: "stream";
  name: "stdout" | "stderr";
  text: string;
  form?: FileForm;
}

export interface DisplayOutput {
  output_type: "display_data";
  data: MimeBundle;
  metadata: JsonObject;
  form?: FileForm;
}

export interface ExecuteResultOutput {
  output_type: "execute_result";
  execution_count: number | null;
  data: MimeBundle;
  metadata: JsonObject;
  form?: FileForm;
}

export interface ErrorOutput {
  output_type: "error";
  ename: string;
  evalue: string;
  traceback: string[];
  form?: FileForm;
}

export type Output = StreamOutput | DisplayOutput | ExecuteResultOutput | ErrorOutput;

interface CellBase {
  /** 1–64 characters of `[a-zA-Z0-9-_]`, unique in the notebook. */
  id: string;
  /** LF line endings. */
  source: string;
  metadata: JsonObject;
  form?: FileForm;
}

export interface CodeCell extends CellBase {
  cell_type: "code";
  execution_count: number | null;
  outputs: Output[];
}

export interface MarkdownCell extends CellBase {
  cell_type: "markdown";
  attachments?: JsonObject;
}

export interface RawCell extends CellBase {
  cell_type: "raw";
  attachments?: JsonObject;
}

export type Cell = CodeCell | MarkdownCell | RawCell;
export type CellType = Cell["cell_type"];

export interface Notebook {
  nbformat: 4;
  nbformat_minor: number;
  metadata: JsonObject;
  cells: Cell[];
  form?: FileForm;
}
