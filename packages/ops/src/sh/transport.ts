import type { Readable, Writable } from "node:stream";

/** A program to start, complete: nothing in it is interpreted by a shell. */
export interface SpawnSpec {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string | undefined;
  /** Changes to the environment; undefined removes a variable. */
  readonly env: ReadonlyMap<string, string | undefined>;
  /** Whether something will be written to its standard input; else that is at its end from the start. */
  readonly feedsStdin: boolean;
}

export interface ExitStatus {
  /** Exit status; null when a signal ended the program. */
  readonly code: number | null;
  /** Name of the signal that ended it, for instance `SIGKILL`. */
  readonly signal: string | null;
}

/** A program that was started, on whatever machine. */
export interface RunningProcess {
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** When the program itself has ended. Its outputs may still be open, held by its children. */
  readonly exited: Promise<ExitStatus>;
  /** Signals the program and its children. Never throws: a process that is gone is what was wanted. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

export type StartFailureReason = "not-found" | "not-executable" | "no-such-folder" | "too-long" | "transport";

/** Why a program could not be started. */
export class StartFailure extends Error {
  override readonly name = "StartFailure";
  readonly reason: StartFailureReason;

  constructor(reason: StartFailureReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/** Starts programs on one machine. */
export interface Transport {
  /** Command lines and environments of a remote start pass through the other machine's process list. */
  readonly remote: boolean;
  /** @throws StartFailure */
  spawn(spec: SpawnSpec, signal: AbortSignal): Promise<RunningProcess>;
}
