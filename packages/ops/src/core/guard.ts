import { hostChannel } from "./host-channel.ts";
import { redact } from "./secret.ts";

/** The only way past a guard: a reason, kept with the run of the cell and printed in exports. */
export interface Unsafe {
  readonly unsafe?: string | undefined;
}

export interface GuardRule {
  /** Names the rule: `"sh.shell"`. */
  readonly rule: string;
  /** What would go wrong. */
  readonly why: string;
  /** What to do instead. */
  readonly instead: string;
}

/**
 * A refused action.
 *
 * @example
 * try {
 *   sh.shell("echo hello");
 * } catch (error) {
 *   if (error instanceof GuardError) console.log(error.rule, error.instead);
 * }
 */
export class GuardError extends Error implements GuardRule {
  override readonly name = "GuardError";
  readonly rule: string;
  readonly why: string;
  readonly instead: string;

  constructor({ rule, why, instead }: GuardRule) {
    super(redact(`${rule}: ${why}. Instead: ${instead}`));
    this.rule = rule;
    this.why = redact(why);
    this.instead = redact(instead);
  }
}

/**
 * Refuses an action unless the caller gives a reason.
 *
 * @throws GuardError without `{ unsafe: "reason" }`.
 * @example
 * const wipe = (options: { unsafe?: string } = {}) => {
 *   guard({ rule: "demo.wipe", why: "everything would be gone", instead: "delete one file" }, options);
 * };
 * wipe({ unsafe: "a throw-away machine" });
 */
export function guard(rule: GuardRule, options: Unsafe = {}): void {
  const reason = options.unsafe;
  if (typeof reason !== "string" || reason.trim() === "") throw new GuardError(rule);
  hostChannel()?.send("guard-passed", { rule: rule.rule, why: redact(rule.why), reason: redact(reason) });
}
