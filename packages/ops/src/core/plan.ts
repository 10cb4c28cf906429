import { displaySymbol, type MimeBundle } from "./display.ts";
import { OpsError } from "./errors.ts";
import { hostChannel } from "./host-channel.ts";
import { type CallOptions, startCancellation } from "./options.ts";
import { redact } from "./secret.ts";

/** One thing a plan would change. */
export interface PlannedChange {
  readonly action: "create" | "update" | "delete" | "run";
  /** What is changed: a path, a resource's address, a host. */
  readonly target: string;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

export type PlanErrorCode = "stale" | "already-applied";

/**
 * A plan that can no longer be applied: the world moved on, or it has been applied.
 *
 * @example
 * await files.makeFolder("/tmp/opsbook-example-plan");
 * const plan = await files.removeTree("/tmp/opsbook-example-plan");
 * await plan.apply();
 * await plan.apply().catch((error: unknown) => error instanceof PlanError && error.code); // "already-applied"
 */
export class PlanError extends OpsError<PlanErrorCode> {
  readonly code: PlanErrorCode;

  constructor(code: PlanErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * A change to the world that has been computed and not yet made. It shows as a diff; `apply()` makes the change, once,
 * and only if the world still looks as it did when the plan was made.
 *
 * @example
 * await files.makeFolder("/tmp/opsbook-example-planned");
 * const plan = await files.removeTree("/tmp/opsbook-example-planned");
 * plan instanceof Plan; // true; nothing has changed yet
 * await plan.apply();
 */
export abstract class Plan<Applied> {
  abstract readonly title: string;
  abstract readonly changes: readonly PlannedChange[];
  #applied = false;
  readonly id: string = crypto.randomUUID();

  /** A fingerprint of what the plan was computed from, taken again before the change is made. */
  protected abstract fingerprint(signal: AbortSignal): Promise<string>;
  /** The fingerprint when the plan was made. */
  protected abstract readonly basis: string;
  protected abstract execute(signal: AbortSignal): Promise<Applied>;

  get destructive(): boolean {
    return this.changes.some((change) => change.action === "delete");
  }

  /** Makes the change. @throws PlanError `stale` when the world moved on, `already-applied` the second time. */
  async apply(options: CallOptions = {}): Promise<Applied> {
    if (this.#applied)
      throw new PlanError("already-applied", `${this.title}: this plan has been applied; make a new one`);
    using cancellation = startCancellation(options);
    cancellation.signal.throwIfAborted();
    if ((await this.fingerprint(cancellation.signal)) !== this.basis) {
      throw new PlanError(
        "stale",
        `${this.title}: something changed since this plan was made; make a new one and look at it`,
      );
    }
    this.#applied = true;
    return await this.execute(cancellation.signal);
  }

  [displaySymbol](): MimeBundle {
    const lines = this.changes.map((change) => redact(`${change.action} ${change.target}`));
    hostChannel()?.send("plan-offered", {
      id: this.id,
      title: redact(this.title),
      changes: lines,
      destructive: this.destructive,
    });
    return { "text/plain": redact([this.title, ...lines.map((line) => `  ${line}`)].join("\n")) };
  }
}
