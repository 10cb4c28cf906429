import type { Entry, RejectionCode } from "@opsbook/notebook/session";

export type Answer = { seq: number } | { code: RejectionCode; message: string };

const CLIENTS_KEPT = 500;
const ANSWERS_KEPT = 512;

/** What each client was answered, so that a submission sent again is answered again and never repeated. */
export class Submissions {
  readonly #clients = new Map<string, { last: number; answers: Map<number, Answer> }>();

  /** From a snapshot: the last submission of each client. */
  constructor(clientSeqs: readonly (readonly [string, number])[]) {
    for (const [clientId, last] of clientSeqs) this.#clients.set(clientId, { last, answers: new Map() });
  }

  /** Undefined for a new submission. One answered so long ago that its answer is gone counts as done. */
  answered(clientId: string, clientSeq: number): Answer | undefined {
    const client = this.#clients.get(clientId);
    if (!client || clientSeq > client.last) return undefined;
    return client.answers.get(clientSeq) ?? { seq: 0 };
  }

  last(clientId: string): number {
    return this.#clients.get(clientId)?.last ?? 0;
  }

  record(clientId: string, clientSeq: number, answer: Answer): void {
    const client = this.#clients.get(clientId) ?? { last: 0, answers: new Map<number, Answer>() };
    client.last = Math.max(client.last, clientSeq);
    client.answers.set(clientSeq, answer);
    client.answers.delete(clientSeq - ANSWERS_KEPT);
    // The newest client is the last of the map.
    this.#clients.delete(clientId);
    this.#clients.set(clientId, client);
    if (this.#clients.size > CLIENTS_KEPT) this.#clients.delete(this.#clients.keys().next().value!);
  }

  replay({ origin, seq }: Entry): void {
    if (origin) this.record(origin.clientId, origin.clientSeq, { seq });
  }

  toJSON(): [string, number][] {
    return [...this.#clients].map(([clientId, { last }]) => [clientId, last]);
  }
}
