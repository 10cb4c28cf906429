export interface FailureLimiterOptions {
  /** Failures allowed per address within the window. */
  max: number;
  /** Milliseconds. */
  windowMs: number;
  now: () => number;
}

/** Addresses remembered at most; the oldest go first. */
const MOST_ADDRESSES = 10_000;

/** Counts failed attempts per address in a fixed window. */
export class FailureLimiter {
  readonly #options: FailureLimiterOptions;
  readonly #failures = new Map<string, { count: number; until: number }>();

  constructor(options: FailureLimiterOptions) {
    this.#options = options;
  }

  /** Seconds to wait, 0 when the address may try. */
  retryAfter(address: string): number {
    const entry = this.#failures.get(address);
    if (!entry) return 0;
    const left = entry.until - this.#options.now();
    if (left <= 0) {
      this.#failures.delete(address);
      return 0;
    }
    return entry.count >= this.#options.max ? Math.ceil(left / 1000) : 0;
  }

  failed(address: string): void {
    const now = this.#options.now();
    const entry = this.#failures.get(address);
    if (entry && entry.until > now) {
      entry.count += 1;
      return;
    }
    this.#failures.delete(address);
    this.#failures.set(address, { count: 1, until: now + this.#options.windowMs });
    if (this.#failures.size > MOST_ADDRESSES) {
      const oldest = this.#failures.keys().next();
      if (!oldest.done) this.#failures.delete(oldest.value);
    }
  }
}
