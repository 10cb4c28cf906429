import { displaySymbol, formatDuration, type MimeBundle } from "../core/display.ts";
import { redact } from "../core/secret.ts";
import { formatArgv } from "./quote.ts";
import type { StartFailureReason } from "./transport.ts";

/** How a command ended. Texts are decoded with replacement characters; `.text()` is strict, `.bytes()` exact. */
export interface CommandResult {
  readonly argv: readonly string[];
  /** Exit status; null when a signal ended the program or it never started. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export type CommandErrorReason =
  | "exit"
  | "signal"
  | "timeout"
  | "aborted"
  | "stdin"
  | "too-much-output"
  | "invalid-text"
  | "invalid-json"
  | StartFailureReason;

/** More than this of a message is no longer read. */
const STDERR_IN_MESSAGE = 600;

/**
 * A command that failed, with everything its result would have. `code` is the exit status, as everybody who runs
 * programs expects; the closed list of causes is `reason`.
 *
 * @example
 * try {
 *   await sh`false`;
 * } catch (error) {
 *   if (error instanceof CommandError) console.log(error.code, error.reason); // 1 "exit"
 * }
 */
export class CommandError extends Error implements CommandResult {
  override readonly name = "CommandError";
  readonly reason: CommandErrorReason;
  readonly argv: readonly string[];
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;

  constructor(reason: CommandErrorReason, result: CommandResult, detail: { message?: string; cause?: unknown } = {}) {
    const said = detail.message ?? describe(reason, result);
    const stderr = result.stderr.trim().slice(-STDERR_IN_MESSAGE);
    const options = detail.cause === undefined ? undefined : { cause: detail.cause };
    super(redact(`${formatArgv(result.argv)}: ${said}${stderr === "" ? "" : `\n${stderr}`}`), options);
    this.reason = reason;
    this.argv = result.argv;
    this.code = result.code;
    this.signal = result.signal;
    this.stdout = redact(result.stdout);
    this.stderr = redact(result.stderr);
    this.durationMs = result.durationMs;
  }

  get timedOut(): boolean {
    return this.reason === "timeout";
  }

  /** Stopped by a signal of the caller, for instance the interrupt of the cell. */
  get aborted(): boolean {
    return this.reason === "aborted";
  }

  /** There is no such program. */
  get notFound(): boolean {
    return this.reason === "not-found";
  }

  [displaySymbol](): MimeBundle {
    return { "text/plain": this.message };
  }
}

function describe(reason: CommandErrorReason, result: CommandResult): string {
  switch (reason) {
    case "exit":
      return `exit status ${result.code}`;
    case "signal":
      return `ended by ${result.signal}`;
    case "timeout":
      return `no end within its time limit, stopped after ${formatDuration(result.durationMs)}`;
    case "aborted":
      return `interrupted after ${formatDuration(result.durationMs)}`;
    default:
      return reason;
  }
}

/** A frozen result that a notebook shows as the program's own output. */
export function createResult(fields: CommandResult): CommandResult {
  const result = { ...fields, argv: Object.freeze([...fields.argv]) };
  Object.defineProperty(result, displaySymbol, { value: () => resultBundle(fields) });
  return Object.freeze(result);
}

function resultBundle(result: CommandResult): MimeBundle {
  const parts = [result.stdout, result.stderr].filter((part) => part !== "").map((part) => part.replace(/\n$/, ""));
  const ending = result.signal === null ? `exit status ${result.code}` : `ended by ${result.signal}`;
  if (result.code !== 0) parts.push(`[${ending}]`);
  else if (parts.length === 0) parts.push(`[no output, ${formatDuration(result.durationMs)}]`);
  return { "text/plain": parts.join("\n") };
}
