/**
 * Lines one by one out of batches. An async generator costs several turns of the event loop a line, this one: with
 * millions of lines that is most of the time.
 */
export class BatchedLines implements AsyncIterableIterator<string, undefined> {
  readonly #batches: AsyncIterator<readonly string[], unknown>;
  #batch: readonly string[] = [];
  #next = 0;
  /** Calls that came while a batch was on its way wait for their turn. */
  #waiting: Promise<unknown> | undefined;

  constructor(batches: AsyncIterator<readonly string[], unknown>) {
    this.#batches = batches;
  }

  next(): Promise<IteratorResult<string, undefined>> {
    if (this.#waiting !== undefined) return this.#enqueue(() => this.#fetch());
    const value = this.#batch[this.#next];
    if (value === undefined) return this.#enqueue(() => this.#fetch());
    this.#next += 1;
    return Promise.resolve({ value, done: false });
  }

  return(): Promise<IteratorResult<string, undefined>> {
    return this.#enqueue(async () => {
      this.#batch = [];
      await this.#batches.return?.();
      return { value: undefined, done: true };
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#waiting === undefined ? work() : this.#waiting.then(work, work);
    this.#waiting = turn;
    const done = () => {
      if (this.#waiting === turn) this.#waiting = undefined;
    };
    turn.then(done, done);
    return turn;
  }

  async #fetch(): Promise<IteratorResult<string, undefined>> {
    for (;;) {
      const value = this.#batch[this.#next];
      if (value !== undefined) {
        this.#next += 1;
        return { value, done: false };
      }
      const { value: batch, done } = await this.#batches.next();
      if (done === true) return { value: undefined, done: true };
      this.#batch = batch as readonly string[];
      this.#next = 0;
    }
  }
}
