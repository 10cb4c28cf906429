import { apply } from "../apply/index.ts";
import {
  type Entry,
  type Operation,
  type RejectionCode,
  type UserOperation,
  userOperationSchema,
} from "../operations.ts";
import type { Author, SessionState } from "../state.ts";
import { TextDocs } from "../text.ts";

export type ToServer =
  | { type: "submit"; clientSeq: number; op: UserOperation }
  | { type: "open-text"; cellId: string }
  | { type: "close-text"; cellId: string };

export type ToClient =
  | { type: "welcome"; epoch: number; lastClientSeq: number; seq: number; snapshot?: SessionState; entries?: Entry[] }
  | { type: "op"; entry: Entry }
  | { type: "rejected"; clientSeq: number; code: RejectionCode }
  | { type: "text-state"; cellId: string; update: string; textClientId: number };

/** What goes over a socket arrives as JSON: nobody shares an object with anybody. */
export const overWire = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

interface Connection {
  clientId: string;
  by: Author;
  send(frame: ToClient): void;
  /** Yjs client id by cell. */
  texts: Map<string, number>;
}

/** The server's part of the protocol in memory: one order, submissions answered once, texts by connection. */
export class ModelServer {
  state: SessionState;
  readonly start: SessionState;
  readonly log: Entry[] = [];
  epoch = 1;
  #docs = new TextDocs(1_000);
  #connections = new Map<string, Connection>();
  #answered = new Map<string, number>();

  constructor(start: SessionState) {
    this.start = start;
    this.state = overWire(start);
  }

  connect(connection: Omit<Connection, "texts">, known: { epoch: number; seq: number }, withSnapshot: boolean): void {
    const { clientId, send } = connection;
    this.#connections.set(clientId, { ...connection, texts: new Map() });
    const whole = withSnapshot || known.epoch === 0;
    send({
      type: "welcome",
      epoch: this.epoch,
      lastClientSeq: this.#answered.get(clientId) ?? 0,
      seq: this.log.length,
      ...(whole ? { snapshot: this.state } : { entries: this.log.slice(known.seq) }),
    });
  }

  disconnect(clientId: string): void {
    const connection = this.#connections.get(clientId);
    this.#connections.delete(clientId);
    for (const [cellId, id] of connection?.texts ?? []) this.#docs.close(cellId, id);
  }

  /** Everything but the log and the answers is lost; the caller has cut the connections. */
  restart(): void {
    this.epoch += 1;
    this.#docs = new TextDocs(1_000 + this.epoch * 100_000);
    this.state = this.replay();
  }

  replay(): SessionState {
    return this.log.reduce((state, { op, by, at }) => {
      const result = apply(state, overWire(op), { by, at });
      if (!result.ok) throw new Error(`the log does not replay: ${op.type}: ${result.message}`);
      return result.state;
    }, overWire(this.start));
  }

  receive(clientId: string, frame: ToServer): void {
    const connection = this.#connections.get(clientId);
    if (!connection) return;
    if (frame.type === "submit") this.#submit(connection, { ...frame, op: userOperationSchema.parse(frame.op) });
    else this.#text(connection, frame);
  }

  #text(connection: Connection, frame: Exclude<ToServer, { type: "submit" }>): void {
    const { cellId } = frame;
    const held = connection.texts.get(cellId);
    if (held !== undefined) this.#docs.close(cellId, held);
    connection.texts.delete(cellId);
    const cell = this.state.notebook.cells.find(({ id }) => id === cellId);
    if (frame.type === "close-text" || !cell) return;
    const opened = this.#docs.open(cellId, cell.source);
    connection.texts.set(cellId, opened.textClientId);
    connection.send({ type: "text-state", cellId, ...opened });
  }

  /** A fact of the server's own; one that lost a race changes nothing. */
  announce(op: Operation): boolean {
    const at = this.log.length;
    const result = apply(this.state, op, { by: null, at });
    if (result.ok) this.#accept(result.state, { seq: at + 1, at, by: null, op });
    return result.ok;
  }

  #submit(connection: Connection, { clientSeq, op }: Extract<ToServer, { type: "submit" }>): void {
    const { clientId, by, send } = connection;
    if (clientSeq <= (this.#answered.get(clientId) ?? 0)) return;
    this.#answered.set(clientId, clientSeq);
    const at = this.log.length;
    const placed = this.#withText(connection, op);
    const result = "ok" in placed ? placed : apply(this.state, placed, { by, at });
    if (!result.ok) send({ type: "rejected", clientSeq, code: result.code });
    else if (!("ok" in placed)) {
      if (op.type === "delete-cell") this.#docs.drop(op.cellId);
      this.#accept(result.state, { seq: at + 1, at, by, origin: { clientId, clientSeq }, op: placed });
    }
  }

  #withText(connection: Connection, op: UserOperation) {
    if (op.type === "edit-source") {
      const change = this.#docs.accept(op.cellId, op.update, connection.texts.get(op.cellId));
      return "ok" in change ? change : { ...op, ...change };
    }
    const cell = op.type === "set-source" && this.state.notebook.cells.find(({ id }) => id === op.cellId);
    if (op.type !== "set-source" || !cell) return op;
    const change = this.#docs.replace(op.cellId, cell.source, op.source);
    return { type: "edit-source" as const, cellId: op.cellId, ...change };
  }

  #accept(state: SessionState, entry: Entry): void {
    this.state = state;
    this.log.push(entry);
    for (const { send } of this.#connections.values()) send({ type: "op", entry });
  }
}
