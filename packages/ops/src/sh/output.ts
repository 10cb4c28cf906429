import { BatchedLines } from "../core/batched-lines.ts";
import { messageOf } from "../core/errors.ts";
import { LineSplitter } from "../core/line-splitter.ts";
import type { Lines, Schema } from "../core/lines.ts";
import { decodeUtf8, type InvalidText, Utf8Stream } from "../core/utf8.ts";
import { CommandError, type CommandResult, createResult } from "./result.ts";
import { type Outcome, type Run, startOutcome } from "./run.ts";

/** Kept in memory at most; beyond it an output has to be streamed. */
const LARGEST_OUTPUT = 256 * 1024 * 1024;

interface Collected {
  readonly outcome: Outcome;
  readonly stdout: Buffer;
}

/**
 * A command or a pipeline that runs when its result is asked for: once, however often it is asked.
 * Streaming by `for await` is a run of its own.
 */
export abstract class Output implements PromiseLike<CommandResult> {
  #collected: Promise<Collected> | undefined;

  protected abstract begin(): Promise<Run>;
  protected abstract readonly argv: readonly string[];
  /** A failure is returned and not thrown. */
  protected abstract readonly lenient: boolean;

  // biome-ignore lint/suspicious/noThenProperty: awaiting a command is how it is run.
  then<A = CommandResult, B = never>(
    onFulfilled?: ((result: CommandResult) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result().then(onFulfilled, onRejected);
  }

  /** Runs it and gives its whole output. @throws CommandError `invalid-text` when that is not UTF-8. */
  async text(): Promise<string> {
    const collected = await this.#succeed();
    return decodeUtf8(collected.stdout, (invalid) => this.#invalidText(invalid, collected));
  }

  /** Runs it and gives its output as it is. */
  async bytes(): Promise<Uint8Array> {
    return (await this.#succeed()).stdout;
  }

  /** Runs it and parses its output. @throws CommandError `invalid-json`; what `schema` throws. */
  async json<T = unknown>(schema?: Schema<T>): Promise<T> {
    const collected = await this.#succeed();
    const text = decodeUtf8(collected.stdout, (invalid) => this.#invalidText(invalid, collected));
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      const message = `its output is not JSON (${messageOf(cause)}); it begins with ${JSON.stringify(text.slice(0, 80))}`;
      throw new CommandError("invalid-json", withText(collected), { message, cause });
    }
    return schema === undefined ? (value as T) : schema.parse(value);
  }

  /** The output by line: `await` for all, `for await` while it runs. Leaving the loop ends the program. */
  lines(): Lines {
    return {
      // biome-ignore lint/suspicious/noThenProperty: lines are awaitable as well as iterable.
      then: (onFulfilled, onRejected) => this.text().then(splitLines).then(onFulfilled, onRejected),
      [Symbol.asyncIterator]: () => new BatchedLines(this.#stream()),
    };
  }

  async *#stream(): AsyncGenerator<string[], void> {
    let run: Run;
    try {
      run = await this.begin();
    } catch (error) {
      this.#throwUnlessLenient({ outcome: startOutcome(error, this.argv), stdout: Buffer.alloc(0) });
      return;
    }
    const decoder = new Utf8Stream(
      (invalid) => new CommandError("invalid-text", emptyResult(this.argv), { message: describeInvalid(invalid) }),
    );
    const splitter = new LineSplitter();
    let ended = false;
    try {
      try {
        for await (const chunk of run.stdout) yield splitter.push(decoder.push(chunk));
      } catch (error) {
        // A stream that breaks says less than the exit status that follows.
        if (error instanceof CommandError) throw error;
      }
      ended = true;
      const outcome = await run.finish();
      if (outcome.failure === undefined || outcome.failure.reason === "exit") decoder.end();
      yield splitter.end();
      this.#throwUnlessLenient({ outcome, stdout: Buffer.alloc(0) });
    } finally {
      if (!ended) {
        run.stop("aborted");
        await run.finish();
      }
    }
  }

  async #result(): Promise<CommandResult> {
    const collected = await this.#succeed();
    return createResult(withText(collected));
  }

  async #succeed(): Promise<Collected> {
    this.#collected ??= this.#collect();
    const collected = await this.#collected;
    this.#throwUnlessLenient(collected);
    return collected;
  }

  #throwUnlessLenient(collected: Collected): void {
    const { failure } = collected.outcome;
    if (failure === undefined || (this.lenient && failure.reason !== "too-much-output")) return;
    throw new CommandError(failure.reason, withText(collected), failure);
  }

  async #collect(): Promise<Collected> {
    let run: Run;
    try {
      run = await this.begin();
    } catch (error) {
      return { outcome: startOutcome(error, this.argv), stdout: Buffer.alloc(0) };
    }
    const chunks: Buffer[] = [];
    let size = 0;
    run.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= LARGEST_OUTPUT) chunks.push(chunk);
      else
        run.stop("too-much-output", "more output than fits in memory; read it with for await (… of command.lines())");
    });
    const outcome = await run.finish();
    return { outcome, stdout: Buffer.concat(chunks) };
  }

  #invalidText(invalid: InvalidText, collected: Collected): CommandError {
    return new CommandError("invalid-text", withText(collected), { message: describeInvalid(invalid) });
  }
}

function splitLines(text: string): string[] {
  const splitter = new LineSplitter();
  return [...splitter.push(text), ...splitter.end()];
}

function withText({ outcome, stdout }: Collected): CommandResult {
  const { argv, code, signal, stderr, durationMs } = outcome.result;
  return { argv, code, signal, stdout: stdout.toString("utf8"), stderr, durationMs };
}

function emptyResult(argv: readonly string[]): CommandResult {
  return { argv, code: null, signal: null, stdout: "", stderr: "", durationMs: 0 };
}

function describeInvalid(invalid: InvalidText): string {
  return `its output is not UTF-8 at byte ${invalid.offset} (${invalid.window}); take .bytes() and decode them`;
}
