import { Command } from "./command.ts";
import { Output } from "./output.ts";
import type { CommandErrorReason } from "./result.ts";
import type { Outcome, ProcessRun, Run } from "./run.ts";

/** Commands whose outputs feed each other, all running at once. Fails when any of them fails. */
export class Pipeline extends Output {
  readonly #stages: readonly [Command, ...Command[]];
  readonly #lenient: boolean;

  constructor(stages: readonly Command[], lenient = false) {
    super();
    const [first, ...rest] = stages;
    if (first === undefined) throw new TypeError("sh.pipe needs at least one command");
    if (!stages.every((stage) => stage instanceof Command)) {
      throw new TypeError("sh.pipe takes commands that were not awaited: sh.pipe(sh`a`, sh`b`)");
    }
    this.#stages = [first, ...rest];
    this.#lenient = lenient;
  }

  /** Gives the result also when a stage fails. */
  nothrow(): Pipeline {
    return new Pipeline(this.#stages, true);
  }

  protected get lenient(): boolean {
    return this.#lenient;
  }

  protected get argv(): readonly string[] {
    return this.toString().split(" ");
  }

  override toString(): string {
    return this.#stages.join(" | ");
  }

  protected async begin(): Promise<Run> {
    const runs: ProcessRun[] = [];
    try {
      for (const [index, stage] of this.#stages.entries()) runs.push(await stage.start({ feedsStdin: index > 0 }));
    } catch (error) {
      await Promise.all(runs.map((run) => stopAndFinish(run)));
      throw error;
    }
    return new PipelineRun(runs);
  }
}

function stopAndFinish(run: ProcessRun): Promise<Outcome> {
  run.stop("aborted");
  run.stdout.resume();
  return run.finish();
}

class PipelineRun implements Run {
  readonly stdout: Run["stdout"];
  readonly #runs: readonly ProcessRun[];
  readonly #last: ProcessRun;
  /** Stages whose reader ended first, as `head` does; that they could not write on is no failure. */
  readonly #cutOff = new Set<ProcessRun>();

  constructor(runs: readonly ProcessRun[]) {
    this.#runs = runs;
    this.#last = runs.at(-1)!;
    this.stdout = this.#last.stdout;
    for (const [index, run] of runs.entries()) {
      const next = runs[index + 1];
      if (next !== undefined) void this.#connect(run, next);
    }
  }

  async #connect(run: ProcessRun, next: ProcessRun): Promise<void> {
    if ((await next.feed(run.stdout)) === "all-read") return;
    this.#cutOff.add(run);
    run.stop("signal");
  }

  async finish(): Promise<Outcome> {
    const outcomes = await Promise.all(this.#runs.map((run) => run.finish()));
    const last = outcomes.at(-1)!;
    const failed = outcomes.find((outcome, index) => {
      return outcome.failure !== undefined && !this.#isCutOff(this.#runs[index], outcome);
    });
    const stderr = outcomes.map((outcome) => outcome.result.stderr).join("");
    const durationMs = Math.max(...outcomes.map((outcome) => outcome.result.durationMs));
    // The failing stage names the error, so that a failure in the middle is not taken for one of the end.
    const result = { ...(failed ?? last).result, stderr, durationMs };
    return { result, failure: failed?.failure };
  }

  #isCutOff(run: ProcessRun | undefined, outcome: Outcome): boolean {
    return run !== undefined && this.#cutOff.has(run) && outcome.failure?.reason === "signal";
  }

  stop(reason: CommandErrorReason, message?: string): void {
    for (const run of this.#runs) run.stop(reason, message);
  }
}
