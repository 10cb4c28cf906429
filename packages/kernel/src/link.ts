import type { JsonObject, ParentHeader } from "@opsbook/jupyter/codec";
import type { RingMemory } from "./output/ring.ts";

/** What the two threads of a kernel tell each other. */

export interface WorkerInput {
  connectionFile: string;
  ring: RingMemory;
  /** Shared flags, see FLAG. */
  flags: SharedArrayBuffer;
  /** Folder of the history that outlives this process. */
  history: string | null;
  /** Set when the process shall end with another one. */
  parentPid: number | null;
}

/** Indices into the shared Int32Array of flags. */
export const FLAG = {
  /** 1 once the worker has sent everything and closed its sockets: the process may end. */
  closed: 0,
  /** How many modules the main thread has begun to load. */
  loads: 1,
  /** 1 while a server has the host channel open. */
  host: 2,
} as const;

/** Milliseconds the main thread waits for the worker to send the last messages before the process ends. */
export const LAST_WORDS = 3000;

export interface ExecuteOrder {
  type: "execute";
  /** The kernel's own number of an execution, from 1; outputs are tagged with it. */
  index: number;
  header: ParentHeader;
  code: string;
  silent: boolean;
  storeHistory: boolean;
  /** The number people see. */
  count: number;
  userExpressions: Record<string, string>;
  allowStdin: boolean;
}

/** A question that does not run the user's code, answered as soon as the thread is free. */
export type Question =
  | { kind: "complete"; code: string; cursor: number }
  | { kind: "inspect"; code: string; cursor: number; detail: number }
  | { kind: "is-complete"; code: string };

export type ToMain =
  | ExecuteOrder
  | { type: "ask"; id: number; question: Question }
  /** `terminated`: the thread was cut off in something, so an end that is still awaited may never come. */
  | { type: "interrupt"; index: number; terminated: boolean }
  | { type: "input-reply"; id: number; value: string }
  | { type: "input-failed"; id: number; reason: string }
  /** From the server on the host channel. */
  | { type: "host-message"; data: JsonObject }
  | { type: "exit"; code: number };

/** A child that the main thread waits for will write to a named pipe; `closed` counts the pipes that ended. */
export interface InheritOrder {
  type: "inherit";
  index: number;
  path: string;
  name: "stdout" | "stderr";
  closed: Int32Array;
}

/** Every one but the first three carries the number of its mark in the ring. */
export type ToWorker =
  /** The first of all. */
  | { type: "begin"; input: WorkerInput }
  | { type: "wake" }
  | InheritOrder
  | ({ sequence: number } & (
      | { type: "ready" }
      | { type: "publish"; index: number; messageType: string; content: JsonObject; metadata: JsonObject }
      | { type: "done"; index: number; reply: JsonObject; outputText: string | null }
      | { type: "answer"; id: number; content: JsonObject }
      /** An interrupt arrived; `running` says whether that execution still was. */
      | { type: "interrupted"; index: number; running: boolean }
      | { type: "input"; id: number; index: number; prompt: string; password: boolean }
      /** For the host channel; the worker knows whether anybody listens. */
      | { type: "host"; index: number; data: JsonObject }
      | { type: "child"; index: number; pid: number; alive: boolean }
      /** Its program waits at a breakpoint, and other executions may run; then it goes on. */
      | { type: "paused"; index: number }
      | { type: "resumed"; index: number }
      /** Nothing can write for this execution any more. */
      | { type: "forget"; index: number }
      | { type: "exit"; code: number }
    ));

export type Report = Exclude<ToWorker, { type: "begin" | "wake" | "inherit" }>;
/** A report as it is written, before it has its number. */
export type ReportBody = Report extends infer R ? (R extends Report ? Omit<R, "sequence"> : never) : never;
