import { inspect } from "node:util";
import { displaySymbol, type MimeBundle, type TableField, tableBundle } from "./display.ts";
import { assertNever, messageOf } from "./errors.ts";
import { hostChannel } from "./host-channel.ts";
import { type CallOptions, type Duration, startCancellation, untilAborted } from "./options.ts";
import { redact } from "./secret.ts";

/** What became of one item. `milliseconds` is the time its own work took. */
export type Outcome<Item, Value> = { readonly index: number; readonly item: Item; readonly milliseconds: number } & (
  | { readonly status: "ok"; readonly value: Value }
  | { readonly status: "failed"; readonly error: unknown }
  /** Its turn never came: an earlier item failed, or everything was stopped. */
  | { readonly status: "not-started" }
);

export interface AllOptions {
  /** Items under way at once, default 8. */
  readonly concurrency?: number;
  /** For each item. */
  readonly timeout?: Duration;
  /** Starts nothing more after the first failure and stops what is under way. */
  readonly failFast?: boolean;
  readonly signal?: AbortSignal;
  /** False shows no table of the progress. */
  readonly live?: boolean;
}

const DEFAULT_CONCURRENCY = 8;
/** The live table is redrawn at most this often. */
const REDRAW_MS = 200;

/**
 * Does `work` for many items, some at a time. `await` gives the outcomes in the order of the items, `for await` each
 * as it comes; a failure of one item is an outcome and not an exception. In a notebook a table shows the progress.
 *
 * @example
 * const outcomes = await all([3, 1, 2], async (n) => n * 2, { concurrency: 2 });
 * outcomes.unwrap(); // [6, 2, 4]
 */
export function all<Item, Value>(
  items: Iterable<Item>,
  work: (item: Item, call: { readonly signal: AbortSignal; readonly index: number }) => PromiseLike<Value> | Value,
  options: AllOptions = {},
): Outcomes<Item, Value> {
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new RangeError("concurrency is a whole number from 1 up");
  const list = [...items];
  const outcomes = new Outcomes<Item, Value>(list, options.live !== false);
  void run(list, work, { outcomes, concurrency, options });
  return outcomes;
}

interface Fan<Item, Value> {
  readonly outcomes: Outcomes<Item, Value>;
  readonly concurrency: number;
  readonly options: AllOptions;
}

type Work<Item, Value> = (item: Item, call: { signal: AbortSignal; index: number }) => PromiseLike<Value> | Value;

async function run<Item, Value>(list: readonly Item[], work: Work<Item, Value>, fan: Fan<Item, Value>): Promise<void> {
  const stop = new AbortController();
  using cancellation = startCancellation({ signal: fan.options.signal });
  const onAbort = () => stop.abort(cancellation.signal.reason);
  if (cancellation.signal.aborted) onAbort();
  else cancellation.signal.addEventListener("abort", onAbort, { once: true });
  let next = 0;
  const worker = async () => {
    while (next < list.length) {
      const index = next;
      next += 1;
      const item = list[index] as Item;
      if (stop.signal.aborted) {
        fan.outcomes.settle({ index, item, milliseconds: 0, status: "not-started" });
        continue;
      }
      const outcome = await attempt({ item, index, work }, { signal: stop.signal, timeout: fan.options.timeout });
      fan.outcomes.settle(outcome);
      if (outcome.status === "failed" && fan.options.failFast === true) stop.abort(outcome.error);
    }
  };
  await Promise.all(Array.from({ length: Math.min(fan.concurrency, list.length) }, worker));
  fan.outcomes.finish();
}

async function attempt<Item, Value>(
  job: { item: Item; index: number; work: Work<Item, Value> },
  limits: CallOptions,
): Promise<Outcome<Item, Value>> {
  const { item, index } = job;
  const started = performance.now();
  using cancellation = startCancellation(limits);
  try {
    const running = Promise.resolve().then(() => job.work(item, { signal: cancellation.signal, index }));
    const value = await untilAborted(running, cancellation.signal);
    return { index, item, milliseconds: performance.now() - started, status: "ok", value };
  } catch (error) {
    return { index, item, milliseconds: performance.now() - started, status: "failed", error };
  }
}

/** Outcomes under way: awaitable in order, iterable as they come. */
export class Outcomes<Item, Value>
  implements PromiseLike<OutcomeList<Item, Value>>, AsyncIterable<Outcome<Item, Value>>
{
  readonly #items: readonly Item[];
  readonly #settled: Outcome<Item, Value>[] = [];
  readonly #done = Promise.withResolvers<OutcomeList<Item, Value>>();
  #wake = Promise.withResolvers<void>();
  #finished = false;
  readonly #table: LiveTable | undefined;

  constructor(items: readonly Item[], live: boolean) {
    this.#items = items;
    this.#table = live ? new LiveTable() : undefined;
  }

  // biome-ignore lint/suspicious/noThenProperty: the outcomes are awaitable as well as iterable.
  then<A = OutcomeList<Item, Value>, B = never>(
    onFulfilled?: ((list: OutcomeList<Item, Value>) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#done.promise.then(onFulfilled, onRejected);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Outcome<Item, Value>, void> {
    for (let index = 0; ; index += 1) {
      while (index >= this.#settled.length && !this.#finished) await this.#wake.promise;
      const outcome = this.#settled[index];
      if (outcome === undefined) return;
      yield outcome;
    }
  }

  /** @internal */
  settle(outcome: Outcome<Item, Value>): void {
    this.#settled.push(outcome);
    this.#notify();
    this.#table?.draw(() => this.#rows());
  }

  /** @internal */
  finish(): void {
    this.#finished = true;
    this.#notify();
    this.#table?.end(() => this.#rows());
    this.#done.resolve(createList(this.#inOrder()));
  }

  #notify(): void {
    const { resolve } = this.#wake;
    this.#wake = Promise.withResolvers<void>();
    resolve();
  }

  #inOrder(): Outcome<Item, Value>[] {
    return [...this.#settled].sort((a, b) => a.index - b.index);
  }

  #rows(): MimeBundle {
    const known = new Map(this.#settled.map((outcome) => [outcome.index, outcome]));
    return outcomeTable(this.#items.map((item, index) => ({ item, outcome: known.get(index) })));
  }
}

/** All outcomes in the order of the items. A notebook shows the array as a table. */
export interface OutcomeList<Item, Value> extends ReadonlyArray<Outcome<Item, Value>> {
  /** The values, if all went well. @throws AggregateError with every failure otherwise. */
  unwrap(): Value[];
}

function createList<Item, Value>(outcomes: readonly Outcome<Item, Value>[]): OutcomeList<Item, Value> {
  const unwrap = () => {
    const values: Value[] = [];
    const errors: unknown[] = [];
    for (const outcome of outcomes) {
      if (outcome.status === "ok") values.push(outcome.value);
      else
        errors.push(outcome.status === "failed" ? outcome.error : new Error(`item ${outcome.index} was not started`));
    }
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} of ${outcomes.length} items failed`);
    return values;
  };
  const show = () => outcomeTable(outcomes.map((outcome) => ({ item: outcome.item, outcome })));
  return Object.freeze(
    Object.defineProperties([...outcomes], { unwrap: { value: unwrap }, [displaySymbol]: { value: show } }),
  ) as unknown as OutcomeList<Item, Value>;
}

/** A table in the cell that is redrawn while the work goes on; nothing outside a notebook. */
class LiveTable {
  readonly #id: string = crypto.randomUUID();
  #drawnAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  draw(table: () => MimeBundle): void {
    if (hostChannel() === undefined || this.#timer !== undefined) return;
    const wait = this.#drawnAt === undefined ? 0 : this.#drawnAt + REDRAW_MS - performance.now();
    if (wait <= 0) this.#show(table());
    else this.#timer = setTimeout(() => this.#show(table()), wait);
  }

  end(table: () => MimeBundle): void {
    clearTimeout(this.#timer);
    // What is finished before it was ever drawn is the cell's result and not progress.
    if (this.#drawnAt !== undefined) this.#show(table());
  }

  #show(bundle: MimeBundle): void {
    this.#timer = undefined;
    const update = this.#drawnAt !== undefined;
    this.#drawnAt = performance.now();
    hostChannel()?.display(bundle, { id: this.#id, update });
  }
}

const FIELDS: readonly TableField[] = [
  { name: "item", type: "string" },
  { name: "status", type: "string" },
  { name: "ms", type: "integer" },
  { name: "result", type: "string" },
];
const CELL = 200;

function outcomeTable(rows: readonly { item: unknown; outcome: Outcome<unknown, unknown> | undefined }[]): MimeBundle {
  return tableBundle(
    FIELDS,
    rows.map(({ item, outcome }) => ({
      item: brief(item),
      status: outcome?.status ?? "waiting",
      ms: outcome === undefined ? null : Math.round(outcome.milliseconds),
      result: outcome === undefined ? "" : resultText(outcome),
    })),
  );
}

function resultText(outcome: Outcome<unknown, unknown>): string {
  switch (outcome.status) {
    case "ok":
      return brief(outcome.value);
    case "failed":
      return brief(messageOf(outcome.error));
    case "not-started":
      return "";
    default:
      return assertNever(outcome);
  }
}

function brief(value: unknown): string {
  const text =
    typeof value === "string" ? value.trim() : inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY });
  return redact(text.length > CELL ? `${text.slice(0, CELL)}…` : text);
}
