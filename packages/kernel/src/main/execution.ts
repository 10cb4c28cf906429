import { AsyncLocalStorage } from "node:async_hooks";
import type { JsonObject, ParentHeader } from "@opsbook/jupyter/codec";
import { InterruptedError } from "../error.ts";
import type { Captured } from "./capture.ts";

/** Which top-level `await` an error came through, because a library's stack often does not reach it. */
const awaited = new WeakMap<object, { index: number; offset: number }>();

export function awaitOf(error: object): { index: number; offset: number } | undefined {
  return awaited.get(error);
}

/** One run of one cell, and everything its code started that is still alive. */
export class Execution {
  readonly index: number;
  readonly header: ParentHeader;
  readonly count: number;
  readonly allowStdin: boolean;
  /** Disposals of top-level `using`, in the order of declaration. */
  readonly disposals: (() => unknown)[] = [];
  /** Called when the cell's value has been shown, or its error. */
  readonly finish: (() => unknown)[] = [];
  /** For the front end, in the reply. */
  readonly payload: JsonObject[] = [];
  /** Takes the outputs instead of the front end. */
  captured: Captured | null = null;
  #state: "running" | "ended" | "interrupted" = "running";
  #controller: AbortController | null = null;
  readonly #onInterrupt = new Set<() => void>();

  constructor(order: { index: number; header: ParentHeader; count: number; allowStdin: boolean }) {
    this.index = order.index;
    this.header = order.header;
    this.count = order.count;
    this.allowStdin = order.allowStdin;
  }

  get running(): boolean {
    return this.#state === "running";
  }

  get interrupted(): boolean {
    return this.#state === "interrupted";
  }

  /** Aborts when the execution is interrupted, never when it ends by itself. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.interrupted) this.#controller.abort(new InterruptedError());
    return this.#controller.signal;
  }

  end(): void {
    if (this.running) this.#state = "ended";
    this.#onInterrupt.clear();
  }

  interrupt(): void {
    if (!this.running) return;
    this.#state = "interrupted";
    this.#controller?.abort(new InterruptedError());
    const callbacks = [...this.#onInterrupt];
    this.#onInterrupt.clear();
    for (const callback of callbacks) callback();
  }

  /** Calls back once when the execution is interrupted. Returns how to take that back. */
  onInterrupt(callback: () => void): () => void {
    if (this.interrupted) callback();
    else this.#onInterrupt.add(callback);
    return () => this.#onInterrupt.delete(callback);
  }

  /** `offset` is where in the cell's JavaScript the value is awaited. Settles as `value` does, or rejects as soon as the execution is interrupted. */
  untilInterrupt(value: unknown, offset?: number): unknown {
    if (this.interrupted) return Promise.reject(new InterruptedError());
    if (!this.running) return value;
    return new Promise((resolve, reject) => {
      const forget = this.onInterrupt(() => reject(new InterruptedError()));
      Promise.resolve(value).then(
        (result) => {
          forget();
          resolve(result);
        },
        (error: unknown) => {
          forget();
          if (offset !== undefined && typeof error === "object" && error !== null && !awaited.has(error)) {
            awaited.set(error, { index: this.index, offset });
          }
          reject(error);
        },
      );
    });
  }
}

const storage = new AsyncLocalStorage<Execution>();

/** The execution whose code is running now, also in what it started and left behind. */
export function currentExecution(): Execution | undefined {
  return storage.getStore();
}

export function runIn<T>(execution: Execution, run: () => T): T {
  return storage.run(execution, run);
}

/** Runs kernel code that belongs to no cell. */
export function runOutside<T>(run: () => T): T {
  return storage.exit(run);
}
