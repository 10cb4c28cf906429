import {
  type ClientFrame,
  type Entry,
  PROTOCOL_VERSION,
  type Presence,
  type Rejected,
  type SaveStatus,
  type ServerFrame,
  type SessionState,
  type TextChange,
  TextDocs,
  type UserOperation,
} from "@opsbook/notebook/session";
import type { WebSocket } from "ws";
import { failpoint } from "../store/failpoints.ts";
import { Connection, type ConnectionHost, type Identity } from "./connection.ts";
import type { Answer, Submissions } from "./submissions.ts";

/** Operations kept in memory for clients that come back; older ones cost them a snapshot. */
const RECENT_ENTRIES = 5000;

export interface RoomHost
  extends Pick<
    ConnectionHost,
    "streamIds" | "streamBytes" | "streamLines" | "streamCollected" | "readStream" | "nextLine"
  > {
  readonly id: string;
  path(): string;
  state(): SessionState;
  seq(): number;
  save(): SaveStatus;
  submissions: Submissions;
  submit(connection: Connection, clientSeq: number, op: UserOperation): void;
  /** A person came: `others` tells whether another tab of the same client was there already. */
  joined(connection: Connection): void;
  left(connection: Connection): void;
}

/** Who is connected, what they were sent, and the cell texts they have open. */
export class Room {
  readonly #host: RoomHost;
  readonly #connections = new Set<Connection>();
  readonly #connectionHost: ConnectionHost;
  readonly #epoch = newEpoch();
  readonly #texts = newTexts();
  #recent: Entry[] = [];
  /** The newest operation that is on disk, and the state with it: more than that nobody is told. */
  #told: { seq: number; state: SessionState };
  readonly #watchers = new Set<() => void>();

  constructor(host: RoomHost) {
    this.#host = host;
    this.#told = { seq: host.seq(), state: host.state() };
    this.#connectionHost = {
      streamIds: host.streamIds,
      streamBytes: host.streamBytes,
      streamLines: host.streamLines,
      streamCollected: host.streamCollected,
      readStream: host.readStream,
      nextLine: host.nextLine,
      submit: host.submit,
      welcome: (connection, hello) => this.#welcome(connection, hello),
      openText: (connection, frame) => this.#openText(connection, frame),
      closeText: (connection, cellId) => this.#closeText(connection, cellId),
      presence: (connection, presence) => this.#presence(connection, presence),
      left: (connection) => this.#left(connection),
    };
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Told after every change of the state, at once, before it is on disk. */
  watch(listener: () => void): Disposable {
    this.#watchers.add(listener);
    return { [Symbol.dispose]: () => void this.#watchers.delete(listener) };
  }

  attach(socket: WebSocket, identity: Identity): Connection {
    return new Connection(socket, identity, this.#connectionHost);
  }

  /** The entry has its place; nobody is told before it is stored. */
  remember(entry: Entry): void {
    this.#recent.push(entry);
    if (this.#recent.length > 2 * RECENT_ENTRIES) this.#recent = this.#recent.slice(-RECENT_ENTRIES);
    if (entry.op.type === "delete-cell") this.#texts.drop(entry.op.cellId);
    if (entry.op.type === "notebook-replaced") this.#dropTexts(new Set(entry.op.cells.map(({ cellId }) => cellId)));
    for (const listener of this.#watchers) listener();
  }

  /** Tells everybody, then the one who submitted it that it is done. `json`: the entry; `state`: with it. */
  announce(entry: Entry, { json, state }: { json: string; state: SessionState }): void {
    const { origin, seq } = entry;
    if (seq > this.#told.seq) this.#told = { seq, state };
    failpoint("operation:stored");
    this.#broadcastText(`{"type":"op","entry":${json}}`);
    failpoint("operation:broadcast");
    if (!origin) return;
    for (const connection of this.#connections)
      if (connection.clientId === origin.clientId) this.answer(connection, origin.clientSeq, { seq });
    failpoint("operation:accepted");
  }

  /** One that is not on disk yet is answered when it is, however often it was sent. */
  answer(connection: Connection, clientSeq: number, answer: Answer): void {
    if ("seq" in answer && answer.seq > this.#told.seq) return;
    if ("seq" in answer) connection.send({ type: "accepted", clientSeq, seq: answer.seq });
    else connection.send({ type: "rejected", clientSeq, ...answer });
  }

  broadcast(frame: ServerFrame): void {
    this.#broadcastText(JSON.stringify(frame));
  }

  outputGrew(outputId: string): void {
    for (const connection of this.#connections) connection.outputGrew(outputId);
  }

  outputCollected(outputId: string): void {
    for (const connection of this.#connections) connection.outputCollected(outputId);
  }

  /** The operation with what only the server knows: which text an edit makes. */
  resolve(connection: Connection, op: UserOperation): { ok: true; op: UserOperation } | Rejected {
    if (op.type !== "edit-source" && op.type !== "set-source") return { ok: true, op };
    const cell = this.#host.state().notebook.cells.find(({ id }) => id === op.cellId);
    if (!cell) return { ok: true, op };
    if (op.type === "set-source") {
      const text = op.source.replace(/\r\n?/g, "\n");
      const change = this.#texts.replace(op.cellId, cell.source, text);
      return { ok: true, op: { type: "edit-source", cellId: op.cellId, ...change } };
    }
    const change = this.#texts.accept(op.cellId, op.update, connection.texts.get(op.cellId));
    return "code" in change ? change : { ok: true, op: { type: "edit-source", cellId: op.cellId, ...change } };
  }

  /** The server's own edit, made in the open document too. */
  replaceText(cellId: string, before: string, after: string): TextChange {
    return this.#texts.replace(cellId, before, after);
  }

  closeAll(code: Parameters<Connection["close"]>[0]): void {
    for (const connection of this.#connections) connection.close(code);
  }

  #welcome(connection: Connection, hello: Extract<ClientFrame, { type: "hello" }>): void {
    for (const other of this.#connections)
      if (other.clientId === hello.clientId && other !== connection) other.close(4011);
    this.#sendWelcome(connection, hello);
    this.#connections.add(connection);
    connection.startOutputs(hello.epoch === this.#epoch ? hello.outputs : {});
    for (const other of this.#connections) if (other !== connection) this.#sendPresence(connection, other);
    this.#host.joined(connection);
  }

  #sendWelcome(connection: Connection, hello: { epoch: string | null; lastSeq: number } | null): void {
    const { seq, state } = this.#told;
    const first = this.#recent[0]?.seq ?? seq + 1;
    const { last, refused } = this.#host.submissions.settled(connection.clientId, seq);
    const resumes = hello?.epoch === this.#epoch && hello.lastSeq >= first - 1 && hello.lastSeq <= seq;
    connection.send({
      type: "welcome",
      protocol: PROTOCOL_VERSION,
      sessionId: this.#host.id,
      path: this.#host.path(),
      epoch: this.#epoch,
      seq,
      user: connection.identity.user,
      role: connection.identity.role() ?? "viewer",
      lastClientSeq: last,
      ...(refused.length > 0 ? { refused } : {}),
      save: this.#host.save(),
      ...(resumes
        ? { entries: this.#recent.filter((entry) => entry.seq > hello.lastSeq && entry.seq <= seq) }
        : { snapshot: state }),
    });
  }

  #dropTexts(kept: ReadonlySet<string>): void {
    for (const connection of this.#connections)
      for (const cellId of connection.texts.keys()) if (!kept.has(cellId)) this.#texts.drop(cellId);
  }

  #openText(connection: Connection, { cellId, request }: Extract<ClientFrame, { type: "open-text" }>): void {
    const cell = this.#host.state().notebook.cells.find(({ id }) => id === cellId);
    if (!cell) return;
    this.#closeText(connection, cellId);
    const { update, textClientId } = this.#texts.open(cellId, cell.source);
    connection.texts.set(cellId, textClientId);
    connection.send({ type: "text-state", cellId, request, seq: this.#host.seq(), update, textClientId });
  }

  #closeText(connection: Connection, cellId: string): void {
    const textClientId = connection.texts.get(cellId);
    if (textClientId === undefined) return;
    connection.texts.delete(cellId);
    this.#texts.close(cellId, textClientId);
  }

  #presence(connection: Connection, presence: Presence): void {
    connection.presence = presence;
    for (const other of this.#connections) if (other !== connection) this.#sendPresence(other, connection);
  }

  #sendPresence(to: Connection, from: Connection): void {
    const { clientId, identity, presence } = from;
    if (presence) to.send({ type: "presence", clientId, user: identity.user, presence });
  }

  #left(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    for (const cellId of [...connection.texts.keys()]) this.#closeText(connection, cellId);
    const { clientId, identity } = connection;
    if ([...this.#connections].some((other) => other.clientId === clientId)) return;
    this.broadcast({ type: "presence", clientId, user: identity.user, presence: null });
    this.#host.left(connection);
  }

  #broadcastText(text: string): void {
    for (const connection of this.#connections) connection.sendText(text);
  }
}

const newEpoch = () => crypto.randomUUID();
const newTexts = () => new TextDocs(1 + Math.floor(Math.random() * 1_000_000_000));
