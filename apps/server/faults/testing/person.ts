import { randomUUID } from "node:crypto";
import type { UserOperation } from "@opsbook/notebook/session";
import type { TestClient } from "../../session/testing/client.ts";
import { NOTEBOOK, type RealServer } from "./real-server.ts";

/** The ids of a person's cells begin with this; other cells are no concern of theirs. */
const MINE = "mine-";

/**
 * One person who appends cells, over all servers of a test: what was sent and not answered is sent again under its
 * number to the next server, as a tab does.
 */
export class Person {
  readonly clientId = randomUUID();
  readonly cells: { cellId: string; source: string; accepted: boolean }[];
  #client: TestClient | null = null;

  constructor(cells: Person["cells"] = []) {
    this.cells = cells;
  }

  get accepted(): string[] {
    return this.cells.filter(({ accepted }) => accepted).map(({ cellId }) => cellId);
  }

  /** As of now: what is answered later changes nothing of it. */
  copy(): Person {
    return new Person(this.cells.map((cell) => ({ ...cell })));
  }

  get client(): TestClient {
    if (!this.#client) throw new Error("not connected");
    return this.#client;
  }

  /** False where the server ended first. Throws where something accepted is missing, doubled or in another place. */
  async connect(server: RealServer): Promise<boolean> {
    const ended = server.ended.then(() => null);
    this.#client = await Promise.race([server.connect(NOTEBOOK, this.clientId).catch(() => null), ended]);
    if (!this.#client) return false;
    this.compare(this.client.cells);
    for (const [at, { accepted }] of this.cells.entries()) if (!accepted && !(await this.#submit(at))) return false;
    return true;
  }

  /** Appends a cell; false where the server ended before it answered. */
  add(source: string): Promise<boolean> {
    this.cells.push({ cellId: `${MINE}${randomUUID()}`, source, accepted: false });
    return this.#submit(this.cells.length - 1);
  }

  /** Waits for the file to hold everything; false where the server ended first. */
  async saved(): Promise<boolean> {
    const { client } = this;
    const isSaved = () => {
      const save = client.frames.findLast((frame) => frame.type === "save" || frame.type === "welcome");
      return save?.save.state === "saved" && save.save.seq >= client.seq;
    };
    await client.until(() => client.closed !== null || isSaved());
    return client.closed === null;
  }

  /** Throws where `found` lacks an accepted cell, or holds one twice, changed, or that nobody sent. */
  compare(found: readonly { id: string; source: string }[]): void {
    let at = 0;
    for (const { id, source } of found.filter((cell) => cell.id.startsWith(MINE))) {
      while (at < this.cells.length && this.cells[at]?.cellId !== id) this.#mayLack(at++);
      if (at === this.cells.length) throw new Error(`cell ${id} is there twice, out of order, or was never sent`);
      if (this.cells[at]?.source !== source) throw new Error(`cell ${id} holds another text than was sent`);
      at += 1;
    }
    while (at < this.cells.length) this.#mayLack(at++);
  }

  #mayLack(at: number): void {
    if (this.cells[at]?.accepted) throw new Error(`cell ${at} of ${this.cells.length} was accepted and is lost`);
  }

  async #submit(at: number): Promise<boolean> {
    const { client } = this;
    const cell = this.cells[at]!;
    const { cellId, source } = cell;
    const after = this.cells[at - 1]?.cellId ?? null;
    const op: UserOperation = {
      ...{ type: "insert-cell", cellType: "code", cellId, source },
      ...{ metadata: {}, after, index: at },
    };
    const clientSeq = at + 1;
    const before = client.frames.length;
    client.sendFrame({ type: "submit", clientSeq, op });
    const answer = () =>
      client.frames
        .slice(before)
        .find((one) => (one.type === "accepted" || one.type === "rejected") && one.clientSeq === clientSeq);
    await client.until(() => client.closed !== null || answer() !== undefined);
    const given = answer();
    if (given?.type === "rejected") throw new Error(`cell ${at} was refused: ${given.message}`);
    cell.accepted = given !== undefined;
    return cell.accepted;
  }
}
