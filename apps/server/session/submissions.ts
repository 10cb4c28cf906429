import type { Entry, RejectionCode } from "@opsbook/notebook/session";

export type Answer = { seq: number } | { code: RejectionCode; message: string };

type Refusal = [clientId: string, clientSeq: number, code: RejectionCode, message: string];

/** What a snapshot holds of it. */
export interface Answered {
  /** Last submission of each client, newest client last. */
  clientSeqs: [string, number][];
  refusals: Refusal[];
}

const CLIENTS_KEPT = 500;
const ANSWERS_KEPT = 512;

/** What each client was answered, so that a submission sent again is answered again and never repeated. */
export class Submissions {
  readonly #clients = new Map<string, { last: number; answers: Map<number, Answer> }>();

  /** From a snapshot: the last submission of each client, and which were refused. */
  constructor({ clientSeqs, refusals }: Answered) {
    for (const [clientId, last] of clientSeqs) this.#clients.set(clientId, { last, answers: new Map() });
    for (const [clientId, clientSeq, code, message] of refusals)
      this.#clients.get(clientId)?.answers.set(clientSeq, { code, message });
  }

  /** Undefined for a new submission. One answered so long ago that its answer is gone counts as done. */
  answered(clientId: string, clientSeq: number): Answer | undefined {
    const client = this.#clients.get(clientId);
    if (!client || clientSeq > client.last) return undefined;
    return client.answers.get(clientSeq) ?? { seq: 0 };
  }

  /**
   * The client's last submission before its first one that is behind `seq`, thus not on disk yet, and which of them
   * lately were refused, the oldest first. What comes after is sent again and answered when it is stored.
   */
  settled(clientId: string, seq: number): { last: number; refused: number[] } {
    const client = this.#clients.get(clientId);
    if (!client) return { last: 0, refused: [] };
    const answers = [...client.answers];
    const open = answers.filter(([, answer]) => "seq" in answer && answer.seq > seq).map(([clientSeq]) => clientSeq);
    const last = Math.min(client.last, ...open.map((clientSeq) => clientSeq - 1));
    const refused = answers.flatMap(([clientSeq, answer]) =>
      "code" in answer && clientSeq <= last ? [clientSeq] : [],
    );
    return { last, refused };
  }

  /** A number below it that never came was lost on its way: submissions come in their order. */
  record(clientId: string, clientSeq: number, answer: Answer): void {
    const client = this.#clients.get(clientId) ?? { last: 0, answers: new Map<number, Answer>() };
    for (let lost = Math.max(client.last + 1, clientSeq - ANSWERS_KEPT + 1); lost < clientSeq; lost += 1)
      client.answers.set(lost, { code: "invalid", message: "This did not reach the server, or was refused by it." });
    client.last = Math.max(client.last, clientSeq);
    client.answers.set(clientSeq, answer);
    client.answers.delete(clientSeq - ANSWERS_KEPT);
    // The newest client is the last of the map.
    this.#clients.delete(clientId);
    this.#clients.set(clientId, client);
    if (this.#clients.size > CLIENTS_KEPT) this.#clients.delete(this.#clients.keys().next().value!);
  }

  /** From the log, which holds what was accepted. */
  replay({ origin, seq }: Entry): void {
    if (origin) this.record(origin.clientId, origin.clientSeq, { seq });
  }

  toJSON(): Answered {
    const clientSeqs = [...this.#clients].map(([clientId, { last }]): [string, number] => [clientId, last]);
    return { clientSeqs, refusals: this.#refusals() };
  }

  #refusals(): Refusal[] {
    return [...this.#clients].flatMap(([clientId, { answers }]) =>
      [...answers].flatMap(([clientSeq, answer]): Refusal[] =>
        "code" in answer ? [[clientId, clientSeq, answer.code, answer.message]] : [],
      ),
    );
  }
}
