import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { messageOf } from "../core/errors.ts";
import { type Cancellation, type Duration, startCancellation, TimeoutReason } from "../core/options.ts";
import { Secret } from "../core/secret.ts";
import type { CommandErrorReason, CommandResult } from "./result.ts";
import { type ExitStatus, type RunningProcess, type SpawnSpec, StartFailure, type Transport } from "./transport.ts";

/** What can be fed to a program: a text, a secret, bytes, anything that gives pieces of those, or soon will. */
export type StdinSource = Feed | PromiseLike<Feed>;

type Feed = string | Secret | Uint8Array | AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

export interface RunSpec {
  readonly transport: Transport;
  readonly spawn: SpawnSpec;
  readonly stdin: StdinSource | undefined;
  readonly timeout: Duration | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A finished run. `failure` is why it counts as failed, if it does. */
export interface Outcome {
  readonly result: Omit<CommandResult, "stdout">;
  readonly failure:
    | { readonly reason: CommandErrorReason; readonly message?: string; readonly cause?: unknown }
    | undefined;
}

/** A run in progress, or several joined: one output to read, one end to wait for. */
export interface Run {
  readonly stdout: Readable;
  /** To be called when `stdout` has been read to its end or will not be read further. Never rejects. */
  finish(): Promise<Outcome>;
  stop(reason: CommandErrorReason, message?: string): void;
}

/** Between the polite signal and the one that cannot be refused. */
const GRACE_MS = 2000;
/** How long outputs may stay open after a program that was told to end has ended. */
const DRAIN_MS = 250;
/** Of a stream that only explains failures. */
const STDERR_KEPT = 1024 * 1024;

/** Starts a program. @throws StartFailure; the abort's reason when the signal was aborted before the start. */
export async function startRun(spec: RunSpec): Promise<ProcessRun> {
  const cancellation = startCancellation({ timeout: spec.timeout, signal: spec.signal });
  try {
    cancellation.signal.throwIfAborted();
    const started = performance.now();
    const child = await spec.transport.spawn(spec.spawn, cancellation.signal);
    return new ProcessRun(spec, child, { cancellation, started });
  } catch (error) {
    cancellation[Symbol.dispose]();
    throw error;
  }
}

export class ProcessRun implements Run {
  readonly stdout: Readable;
  readonly #spec: RunSpec;
  readonly #child: RunningProcess;
  readonly #cancellation: Cancellation;
  readonly #started: number;
  readonly #stderr = new TailBuffer(STDERR_KEPT);
  #stopped: { reason: CommandErrorReason; message?: string; cause?: unknown } | undefined;
  #killTimer: NodeJS.Timeout | undefined;

  constructor(spec: RunSpec, child: RunningProcess, context: { cancellation: Cancellation; started: number }) {
    this.#spec = spec;
    this.#child = child;
    this.#cancellation = context.cancellation;
    this.#started = context.started;
    this.stdout = child.stdout;
    // Errors of the streams show as an early end; the exit status says what happened.
    child.stdout.on("error", () => {});
    child.stderr.on("error", () => {});
    child.stderr.on("data", (chunk: Buffer) => this.#stderr.push(chunk));
    const { signal } = this.#cancellation;
    const onAbort = () => this.stop(this.#cancellation.timedOut ? "timeout" : "aborted");
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    if (spec.stdin !== undefined) void this.feed(spec.stdin);
  }

  stop(reason: CommandErrorReason, message?: string): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = message === undefined ? { reason } : { reason, message };
    this.#child.kill("SIGTERM");
    this.#killTimer = setTimeout(() => this.#child.kill("SIGKILL"), GRACE_MS);
    // Nobody may read the output any more: let it flow, or the program's end could not be seen.
    this.#child.exited.then(() => this.#drain());
  }

  async finish(): Promise<Outcome> {
    const ends = Promise.allSettled([ended(this.stdout), ended(this.#child.stderr)]);
    let exit: ExitStatus;
    try {
      exit = await this.#child.exited;
      await ends;
    } finally {
      clearTimeout(this.#killTimer);
      this.#cancellation[Symbol.dispose]();
    }
    const result = {
      argv: this.#spec.spawn.argv,
      ...exit,
      stderr: this.#stderr.toString(),
      durationMs: performance.now() - this.#started,
    };
    return { result, failure: this.#stopped ?? failureOf(exit) };
  }

  #drain(): void {
    const timer = setTimeout(() => {
      this.#child.stdout.destroy();
      this.#child.stderr.destroy();
      this.#child.stdin?.destroy();
    }, DRAIN_MS);
    Promise.allSettled([ended(this.#child.stdout), ended(this.#child.stderr)]).then(() => clearTimeout(timer));
  }

  /**
   * Writes everything `source` gives to the program and ends its input. Tells whether the program ended before it
   * had read everything; its exit status decides whether that is a failure.
   */
  async feed(source: StdinSource): Promise<"all-read" | "cut-off"> {
    const stdin = this.#child.stdin;
    if (stdin === null) return "cut-off";
    let closed = false;
    const closing = new Promise<void>((resolve) => {
      stdin.once("error", () => resolve());
      stdin.once("close", () => resolve());
      this.#child.exited.then(() => resolve());
    }).then(() => {
      closed = true;
    });
    try {
      for await (const piece of pieces(source)) {
        if (closed) return "cut-off";
        if (stdin.write(piece)) continue;
        await Promise.race([new Promise((resolve) => stdin.once("drain", resolve)), closing]);
      }
      stdin.end();
    } catch (error) {
      this.stop("stdin", `what should be fed to it failed: ${messageOf(error)}`);
      stdin.destroy();
    }
    return "all-read";
  }
}

function failureOf(exit: ExitStatus): Outcome["failure"] {
  if (exit.signal !== null) return { reason: "signal" };
  if (exit.code !== null) return exit.code === 0 ? undefined : { reason: "exit" };
  return { reason: "transport", message: "the connection was lost, so how it ended is not known" };
}

/** When nothing more will be read from it, whatever becomes of its writable half. */
function ended(stream: Readable): Promise<void> {
  return finished(stream, { writable: false });
}

async function* pieces(given: StdinSource): AsyncGenerator<string | Uint8Array> {
  const source = await given;
  // A handle that was opened for this alone is nobody else's to close.
  const owned = source !== given && typeof source === "object" && Symbol.asyncDispose in source;
  await using _ = owned ? (source as AsyncDisposable) : null;
  if (source instanceof Secret) yield source.reveal();
  else if (typeof source === "string" || source instanceof Uint8Array) yield source;
  else yield* source;
}

/** Why a program that never ran failed. */
export function startOutcome(error: unknown, argv: readonly string[]): Outcome {
  const result = { argv, code: null, signal: null, stderr: "", durationMs: 0 };
  if (error instanceof StartFailure) {
    return { result, failure: { reason: error.reason, message: error.message, cause: error.cause ?? error } };
  }
  if (error instanceof TimeoutReason) {
    return {
      result,
      failure: { reason: "timeout", message: `${error.message}: it had not even started`, cause: error },
    };
  }
  return { result, failure: { reason: "aborted", message: "interrupted before it started", cause: error } };
}

/** Keeps the end of a stream. */
class TailBuffer {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    let first = this.#chunks[0];
    while (first !== undefined && this.#size - first.length >= this.#limit) {
      this.#chunks.shift();
      this.#size -= first.length;
      this.#dropped += first.length;
      first = this.#chunks[0];
    }
  }

  toString(): string {
    const text = Buffer.concat(this.#chunks).toString("utf8");
    return this.#dropped === 0 ? text : `[… ${this.#dropped} bytes before this are not kept]\n${text}`;
  }
}
