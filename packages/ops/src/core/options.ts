import { hostChannel } from "./host-channel.ts";

/** Milliseconds, or a number with its unit: `250`, `"250ms"`, `"5s"`, `"2m"`, `"1h"`. */
export type Duration = number | `${number}ms` | `${number}s` | `${number}m` | `${number}h`;

/** Every call that waits takes these. */
export interface CallOptions {
  /** Ends the call early. In a notebook an interrupt of the cell does so too. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time the whole call may take. */
  readonly timeout?: Duration | undefined;
}

/** The reason of an abort that comes from `timeout`. */
export class TimeoutReason extends Error {
  override readonly name = "TimeoutReason";
  readonly milliseconds: number;

  constructor(milliseconds: number) {
    super(`no end within ${milliseconds} ms`);
    this.milliseconds = milliseconds;
  }
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
/** Node's timers fire at once beyond 2^31-1 ms. */
const LONGEST = 2_147_483_647;

/** Milliseconds. @throws RangeError for anything that is not a positive, finite duration. */
export function parseDuration(value: Duration): number {
  const milliseconds = typeof value === "number" ? value : parseText(value);
  if (!(milliseconds > 0) || milliseconds > LONGEST) {
    throw new RangeError(`not a duration: ${JSON.stringify(value)}; use milliseconds or "500ms", "5s", "2m", "1h"`);
  }
  return milliseconds;
}

function parseText(value: unknown): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(value));
  return match === null ? Number.NaN : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** One call's reasons to stop: its own signal, the interrupted cell, its time limit. */
export interface Cancellation extends Disposable {
  readonly signal: AbortSignal;
  readonly timedOut: boolean;
}

/** Joins the signals of a call and starts its time limit. Dispose it when the call has ended. */
export function startCancellation(options: CallOptions): Cancellation {
  const controller = new AbortController();
  const sources = [options.signal, hostChannel()?.signal()].filter((signal) => signal !== undefined);
  const forward = (event: Event) => abortFrom(event.target as AbortSignal);
  const abortFrom = (source: AbortSignal) => controller.abort(source.reason);
  for (const source of sources) {
    if (source.aborted) abortFrom(source);
    else source.addEventListener("abort", forward, { once: true });
  }
  const limit = options.timeout === undefined ? undefined : parseDuration(options.timeout);
  const timer = limit === undefined ? undefined : setTimeout(() => controller.abort(new TimeoutReason(limit)), limit);
  return {
    signal: controller.signal,
    get timedOut() {
      return controller.signal.reason instanceof TimeoutReason;
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const source of sources) source.removeEventListener("abort", forward);
    },
  };
}

/** Settles as `work` does, or rejects with the signal's reason as soon as that aborts. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => {});
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
