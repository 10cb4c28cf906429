import type { Entry, SessionState, TimelineEvent } from "@opsbook/notebook/session";
import type { Logger } from "pino";
import type { Runtime } from "../runtime/index.ts";
import type { Blobs } from "../store/blobs.ts";
import type { Checkpoints } from "../store/checkpoints.ts";
import type { KernelCursor, Saved, SessionFolder } from "../store/session-folder.ts";
import type { Streams } from "./streams.ts";
import type { Answered } from "./submissions.ts";

export interface SessionParts {
  id: string;
  path: string;
  root: string;
  folder: SessionFolder;
  streams: Streams;
  blobs: Blobs;
  checkpoints: Checkpoints;
  /** Minutes of change after which a checkpoint is made; 0 for never. */
  checkpointMinutes: number;
  runtime: Runtime;
  log: Logger;
}

export interface SessionStart extends Answered {
  state: SessionState;
  seq: number;
  entries: Entry[];
  saved: Saved;
  cursor: KernelCursor | null;
  timeline: readonly TimelineEvent[];
}

export interface CloseOptions {
  /** The kernel goes on in the keeper; a later server finds it. */
  keepKernel: boolean;
  /** The file has a new path already: nothing is written to the old one. */
  movedTo?: string;
}
