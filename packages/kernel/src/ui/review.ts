/** What a library offers as a plan: something with a title and a way to apply it. Shape of packages/ops. */
export interface Reviewable<Applied = unknown> {
  readonly title: string;
  readonly destructive?: boolean;
  apply(options?: { signal?: AbortSignal }): Promise<Applied>;
}

/** Plans that somebody has seen and agreed to. */
export interface Reviewed<Applied> {
  /** One after the other; the first that fails ends it. Gives what each came to. */
  apply(): Promise<Applied[]>;
}

/** @throws TypeError for what is no plan */
export function plansOf<Applied>(given: Reviewable<Applied> | Iterable<Reviewable<Applied>>): Reviewable<Applied>[] {
  const plans = Symbol.iterator in given ? [...given] : [given];
  if (plans.every(isPlan)) return plans;
  throw new TypeError("ui.review takes plans, as files.removeTree(path) gives them.");
}

function isPlan(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return typeof Reflect.get(value, "title") === "string" && typeof Reflect.get(value, "apply") === "function";
}

export function reviewed<Applied>(plans: readonly Reviewable<Applied>[]): Reviewed<Applied> {
  return Object.freeze({
    apply: async () => {
      const results: Applied[] = [];
      for (const plan of plans) results.push(await plan.apply());
      return results;
    },
  });
}
