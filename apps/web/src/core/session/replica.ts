import { type Author, apply, type Entry, type SessionState, type UserOperation } from "@opsbook/notebook/session";

export interface Submission {
  clientSeq: number;
  op: UserOperation;
  at: number;
}

/**
 * The session as this client knows it: what the server confirmed, and on top of it what this client asked for and
 * has no answer to yet, put through the same `apply`. Text edits are left out of that: their documents are ahead
 * already, and the text is taken from there.
 */
export class Replica {
  #confirmed: SessionState;
  #seq: number;
  #pending: Submission[] = [];
  #visible: SessionState;
  #nextClientSeq: number;
  #me: Author;

  constructor(start: { state: SessionState; seq: number; me: Author; nextClientSeq: number }) {
    this.#confirmed = start.state;
    this.#visible = start.state;
    this.#seq = start.seq;
    this.#me = start.me;
    this.#nextClientSeq = start.nextClientSeq;
  }

  get confirmed(): SessionState {
    return this.#confirmed;
  }

  get visible(): SessionState {
    return this.#visible;
  }

  get seq(): number {
    return this.#seq;
  }

  get pending(): readonly Submission[] {
    return this.#pending;
  }

  load(state: SessionState, seq: number): void {
    this.#confirmed = state;
    this.#seq = seq;
    this.#rebase();
  }

  /** False for what is known already; throws where an entry is missing, which only a broken server can cause. */
  add(entry: Entry, clientId: string): boolean {
    if (entry.seq <= this.#seq) return false;
    if (entry.seq !== this.#seq + 1) throw new Error(`entry ${entry.seq} follows ${this.#seq}`);
    const result = apply(this.#confirmed, entry.op, { by: entry.by, at: entry.at });
    // The server accepted it on the same state, so a refusal here says that the two have come apart.
    if (!result.ok) throw new Error(`entry ${entry.seq} (${entry.op.type}) cannot be applied: ${result.code}`);
    this.#confirmed = result.state;
    this.#seq = entry.seq;
    const { origin } = entry;
    if (origin?.clientId === clientId) this.#drop(origin.clientSeq);
    this.#rebase();
    return true;
  }

  submit(op: UserOperation, at: number): Submission {
    const submission = { clientSeq: this.#nextClientSeq++, op, at };
    this.#pending.push(submission);
    if (op.type !== "edit-source") this.#rebase();
    return submission;
  }

  /** Takes an answered submission off the list. Null when it was answered before. */
  settle(clientSeq: number): Submission | null {
    const settled = this.#drop(clientSeq);
    if (settled && settled.op.type !== "edit-source") this.#rebase();
    return settled;
  }

  /** Gives up on submissions; returns them. */
  abandon(which: (submission: Submission) => boolean): Submission[] {
    const gone = this.#pending.filter(which);
    if (gone.length === 0) return gone;
    this.#pending = this.#pending.filter((submission) => !gone.includes(submission));
    this.#rebase();
    return gone;
  }

  #drop(clientSeq: number): Submission | null {
    const index = this.#pending.findIndex((submission) => submission.clientSeq === clientSeq);
    return index < 0 ? null : this.#pending.splice(index, 1)[0]!;
  }

  #rebase(): void {
    let state = this.#confirmed;
    for (const { op, at } of this.#pending) {
      if (op.type === "edit-source") continue;
      const result = apply(state, op, { by: this.#me, at });
      if (result.ok) state = result.state;
    }
    this.#visible = state;
  }
}
