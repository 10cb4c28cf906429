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

export type PlanErrorCode = "stale" | "already-applied" | "unknown";

/** Of the changes of a plan, so many are shown. */
const SHOWN = 500;
/** Plans that were shown can be applied by their id, the latest of them. */
const OFFERED = 100;
const offered = new Map<string, Plan<unknown>>();
const MARKS = { create: "+", update: "~", delete: "-", run: ">" } as const;

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

  /**
   * A plan that was shown, by its id: what the *Apply* button of a notebook runs.
   *
   * @throws PlanError `unknown` when this kernel shows no such plan, for instance after a restart.
   */
  static offered(id: string): Plan<unknown> {
    const plan = offered.get(id);
    if (plan !== undefined) return plan;
    throw new PlanError("unknown", "this kernel shows no such plan; run the cell that makes it again");
  }

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
    offered.delete(this.id);
    offered.set(this.id, this);
    const [oldest] = offered.keys();
    if (offered.size > OFFERED && oldest !== undefined) offered.delete(oldest);
    const changes = this.changes.slice(0, SHOWN).map((change) => ({
      action: change.action,
      target: redact(change.target),
      ...(change.before === undefined ? {} : { before: redact(change.before) }),
      ...(change.after === undefined ? {} : { after: redact(change.after) }),
    }));
    const title = redact(this.title);
    const { destructive } = this;
    const lines = changes.map(({ action, target }) => `${action} ${target}`);
    hostChannel()?.send("plan-offered", { id: this.id, title, changes: lines, destructive });
    return {
      "application/vnd.opsbook.plan+json": {
        id: this.id,
        title,
        destructive,
        changes,
        total: this.changes.length,
        deletes: this.deleteCount,
      },
      "text/plain": planText(title, { changes, total: this.changes.length }),
    };
  }

  /** What is gone when it has been applied: the number a person types who applies it. */
  get deleteCount(): number {
    return this.changes.filter((change) => change.action === "delete").length;
  }
}

function planText(title: string, { changes, total }: { changes: readonly PlannedChange[]; total: number }): string {
  const lines = changes.flatMap(({ action, target, before, after }) => [
    `  ${MARKS[action]} ${action} ${target}`,
    ...(before === undefined ? [] : before.split("\n").map((line) => `      - ${line}`)),
    ...(after === undefined ? [] : after.split("\n").map((line) => `      + ${line}`)),
  ]);
  const more = total > changes.length ? [`  … and ${total - changes.length} more`] : [];
  return [title, ...lines, ...more].join("\n");
}
