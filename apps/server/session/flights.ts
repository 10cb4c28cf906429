import { type Execution, isStopped, runningNow, type SessionState } from "@opsbook/notebook/session";
import type { KernelCursor } from "../store/session-folder.ts";

/** A run that the kernel was sent, with what it has said of its end. */
export type Flight = NonNullable<KernelCursor["flight"]>[number];

const newFlight = (executionId: string): Flight => ({ executionId, reply: null, idle: false, interrupted: false });

/** The runs a kernel has: one that goes forward or is about to, and those that wait at a breakpoint. */
export class Flights {
  readonly #state: () => SessionState;
  #flights: readonly Flight[] = [];

  constructor(state: () => SessionState) {
    this.#state = state;
  }

  get(executionId: string): Flight | undefined {
    return this.#flights.find((flight) => flight.executionId === executionId);
  }

  add(executionId: string): void {
    this.#flights = [...this.#flights, newFlight(executionId)];
  }

  delete(executionId: string): void {
    this.#flights = this.#flights.filter((flight) => flight.executionId !== executionId);
  }

  /** The kernel takes another run: all that it has wait at breakpoints. */
  get free(): boolean {
    return this.#flights.every(({ executionId }) => this.#stopped(executionId));
  }

  /** What an interrupt ends. */
  get current(): Flight | undefined {
    const now = runningNow(this.#state().executions.filter(({ id }) => this.get(id)));
    if (now && !isStopped(now)) return this.get(now.id);
    return this.#flights.findLast(({ executionId }) => !this.#stopped(executionId)) ?? this.#flights.at(-1);
  }

  /** The innermost first. */
  takeAll(): Flight[] {
    const all = this.#flights.toReversed();
    this.#flights = [];
    return all;
  }

  /**
   * After a server's restart. Answers the queued run that may have been on its way. A reply that was taken in before
   * does not come again.
   */
  resume(known: readonly Flight[] = []): Execution | undefined {
    const { executions } = this.#state();
    const running = executions.filter(({ status }) => status === "running");
    const sent = executions.find(
      ({ id, status }) =>
        status === "queued" && (running.every(isStopped) || known.some(({ executionId }) => executionId === id)),
    );
    this.#flights = [...running, ...(sent ? [sent] : [])].map(({ id }) => {
      const flight = known.find(({ executionId }) => executionId === id);
      return flight ? { ...flight } : newFlight(id);
    });
    return sent;
  }

  toJSON(): Flight[] {
    return this.#flights.map((flight) => ({ ...flight }));
  }

  #stopped(executionId: string): boolean {
    const execution = this.#state().executions.find(({ id }) => id === executionId);
    return execution !== undefined && isStopped(execution);
  }
}
