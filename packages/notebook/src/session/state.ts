import type { CellType, FileForm, JsonObject, MimeBundle } from "../model.ts";
import type { Form } from "./question.ts";

/** Who did something. `id` is stable per account; `name` is what people see. */
export interface Author {
  id: string;
  name: string;
}

export type Role = "viewer" | "runner" | "editor" | "admin";

/** Stands in a MIME bundle for a value kept outside the state; fetched from `/api/opsbook/blobs/<sha256>`. */
export interface BlobRef {
  $blob: string;
  /** Size of the value in bytes. */
  bytes: number;
}

interface SessionOutputBase {
  id: string;
  /** The run that made it; null for an output that came with the file. */
  executionId: string | null;
  form?: FileForm;
}

/** Text lives in a spool addressed by byte offset; `bytes`, `lines` and `hash` (SHA-256, hex) are final once `closed`. */
export interface SessionStream extends SessionOutputBase {
  output_type: "stream";
  name: "stdout" | "stderr";
  bytes: number;
  /** Counts a last one without an end too. */
  lines?: number;
  closed: boolean;
  hash?: string;
}

export interface SessionDisplay extends SessionOutputBase {
  output_type: "display_data" | "execute_result";
  /** Values above the blob threshold are `BlobRef`s. */
  data: MimeBundle;
  metadata: JsonObject;
  execution_count: number | null;
  /** Jupyter's `transient.display_id`: later updates replace every output that carries it. */
  displayId?: string;
}

export interface SessionError extends SessionOutputBase {
  output_type: "error";
  ename: string;
  evalue: string;
  /** Lines with ANSI colours. */
  traceback: string[];
}

export type SessionOutput = SessionStream | SessionDisplay | SessionError;

export interface SessionCell {
  id: string;
  cell_type: CellType;
  /** LF line endings; the Yjs document beside the state holds the same text. */
  source: string;
  metadata: JsonObject;
  /** Empty for markdown and raw cells. */
  outputs: SessionOutput[];
  execution_count: number | null;
  attachments?: JsonObject;
  form?: FileForm;
  /** Counts changes of `source` since the session began. */
  version: number;
  editedBy?: Author;
  /** Milliseconds since the epoch. */
  editedAt?: number;
}

export type ExecutionStatus = "queued" | "running" | "ok" | "error" | "interrupted" | "not-run";

export interface Execution {
  /** Also the `msg_id` of the `execute_request`, so that a reply finds its run after a server restart. */
  id: string;
  cellId: string;
  by: Author;
  /** The code as it was sent. */
  code: string;
  status: ExecutionStatus;
  /** Milliseconds since the epoch, as are the other times. */
  queuedAt: number;
  startedAt?: number;
  finishedAt?: number;
  executionCount?: number;
  /** Why it was interrupted or not run. */
  reason?: string;
  /** Where its program waits while other cells run, the newest last. Absent where it does not. */
  breakpoints?: Breakpoint[];
}

export interface Breakpoint {
  id: string;
  /** What the program has to say of the place; may be empty. */
  banner: string;
}

export type KernelStatus =
  | "none"
  | "starting"
  | "idle"
  | "busy"
  | "restarting"
  | "not-answering"
  | "dead"
  | "unknown-kernel";

export interface Runtime {
  kernelName: string;
  displayName: string;
  language: string;
  kernelId: string | null;
  status: KernelStatus;
  /** The cause of a death (below it the last lines of stderr), why it does not answer, or what an unknown kernel leaves to choose from. */
  detail?: string;
}

/** A question of the running code: a line (Jupyter `input_request`), or a form. What is secret is never stored. */
export interface Prompt {
  id: string;
  executionId: string;
  cellId: string;
  text: string;
  password: boolean;
  /** Absent for a line of text. */
  form?: Form;
  openedAt: number;
}

export interface SessionClient {
  id: string;
  user: Author;
  role: Role;
  joinedAt: number;
}

export interface DeletedCell {
  cell: SessionCell;
  index: number;
  by: Author | null;
  at: number;
}

export interface SessionNotebook {
  metadata: JsonObject;
  nbformat_minor: number;
  cells: SessionCell[];
  form?: FileForm;
  /** Newest last, at most `BIN_LIMIT`. */
  bin: DeletedCell[];
}

/** Two versions of the notebook that somebody has to choose from: the one here, and one kept in a file beside it. */
export interface Conflict {
  id: string;
  /** Name of the file in the notebook's folder. */
  file: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/**
 * Everything a viewer needs, as plain JSON data. `executions`: the queue in order, and each cell's last run with,
 * after it, the one that was queued last and not run.
 */
export interface SessionState {
  notebook: SessionNotebook;
  runtime: Runtime;
  executions: Execution[];
  prompts: Prompt[];
  clients: SessionClient[];
  /** The newest that nobody decided yet. */
  conflict?: Conflict;
}

export const BIN_LIMIT = 100;
