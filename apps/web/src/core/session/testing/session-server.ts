import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  type Author,
  apply,
  clientFrameSchema,
  type Entry,
  type Operation,
  PROTOCOL_VERSION,
  type Role,
  type ServerFrame,
  type SessionState,
  TextDocs,
} from "@opsbook/notebook/session";
import { type WebSocket, WebSocketServer } from "ws";

/** A state with these code cells. */
export function stateOf(sources: Record<string, string>): SessionState {
  return {
    notebook: {
      metadata: {},
      nbformat_minor: 5,
      bin: [],
      cells: Object.entries(sources).map(([id, source]) => ({
        id,
        cell_type: "code",
        source,
        metadata: {},
        outputs: [],
        execution_count: null,
        version: 0,
      })),
    },
    runtime: { kernelName: "ts", displayName: "TS", language: "typescript", kernelId: "k", status: "idle" },
    executions: [],
    prompts: [],
    clients: [],
  };
}

interface Client {
  socket: WebSocket;
  id: string;
  texts: Map<string, number>;
}

/**
 * The session protocol over a real socket, with the real `apply` and the real text documents, and nothing of the
 * disk, kernels and rights of the server proper. Tests steer what goes wrong.
 */
export class SessionServer implements AsyncDisposable {
  state: SessionState;
  role: Role = "editor";
  /** Frames of these types are taken and neither obeyed nor answered. */
  deaf = new Set<string>();
  /** Submissions are obeyed, and the connection ends before they are answered. */
  mute = false;
  /** Operations and what accepts them wait, as for a slow disk, until `announce` lets them out. */
  slow = false;
  /** Called as somebody asks for a text, before the answer. */
  onOpenText: () => void = () => {};
  readonly #untold: (() => void)[] = [];
  /** Everything that was submitted, also again. */
  readonly submitted: { clientSeq: number; op: Operation }[] = [];
  readonly #server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  readonly #clients = new Set<Client>();
  readonly #answered = new Map<string, { last: number; refused: Map<number, { code: string; message: string }> }>();
  #entries: Entry[] = [];
  #seq = 0;
  #epoch = "epoch-1";
  #texts = new TextDocs(1000);

  private constructor(state: SessionState) {
    this.state = state;
    this.#server.on("connection", (socket) => this.#connect(socket));
  }

  static async start(state: SessionState): Promise<SessionServer> {
    const server = new SessionServer(state);
    await once(server.#server, "listening");
    return server;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  text(cellId: string): string | undefined {
    return this.state.notebook.cells.find(({ id }) => id === cellId)?.source;
  }

  /** Drops every connection, as a lost network does. */
  cut(code?: number): void {
    for (const { socket } of this.#clients) {
      if (code === undefined) socket.terminate();
      else socket.close(code);
    }
  }

  /** As after a restart of the server: documents are gone; what clients were answered is known from the log. */
  newEpoch(): void {
    this.#epoch = `epoch-${Number(this.#epoch.slice(6)) + 1}`;
    this.#texts = new TextDocs(this.#seq + 500_000);
    this.#entries = [];
  }

  /** An operation of the server or of somebody else. */
  commit(op: Operation, by: Author | null = null, origin?: Entry["origin"]): boolean {
    const at = Date.now();
    const result = apply(this.state, op, { by, at });
    if (!result.ok) return false;
    this.state = result.state;
    this.#seq += 1;
    const entry: Entry = { seq: this.#seq, at, by, op, ...(origin ? { origin } : {}) };
    this.#entries.push(entry);
    this.#tell(() => this.broadcast({ type: "op", entry }));
    return true;
  }

  /** Somebody else's edit: the whole text from now on. */
  edit(cellId: string, text: string, by: Author = { id: "other", name: "Other" }): void {
    const change = this.#texts.replace(cellId, this.text(cellId) ?? "", text);
    this.commit({ type: "edit-source", cellId, ...change }, by);
  }

  /** The next of what waits for the slow disk; false where nothing does. */
  announce(): boolean {
    const next = this.#untold.shift();
    next?.();
    return next !== undefined;
  }

  broadcast(frame: ServerFrame): void {
    for (const client of this.#clients) send(client, frame);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connect(socket: WebSocket): void {
    const client: Client = { socket, id: "", texts: new Map() };
    socket.on("message", (data) => this.#receive(client, String(data)));
    socket.on("close", () => {
      this.#clients.delete(client);
      for (const [cellId, textClientId] of client.texts) this.#texts.close(cellId, textClientId);
    });
  }

  #receive(client: Client, text: string): void {
    const frame = clientFrameSchema.parse(JSON.parse(text));
    if (this.deaf.has(frame.type)) return;
    switch (frame.type) {
      case "hello":
        client.id = frame.clientId;
        this.#clients.add(client);
        this.#welcome(client, frame);
        break;
      case "submit":
        this.#submit(client, frame);
        break;
      case "open-text":
        this.#openText(client, frame);
        break;
      case "ping":
        send(client, { type: "pong", at: frame.at });
        break;
      default:
        break;
    }
  }

  #welcome(client: Client, hello: { epoch: string | null; lastSeq: number }): void {
    const resumes = hello.epoch === this.#epoch;
    send(client, {
      type: "welcome",
      protocol: PROTOCOL_VERSION,
      sessionId: "session-1",
      path: "demo.ipynb",
      epoch: this.#epoch,
      seq: this.#seq,
      user: { id: "me", name: "Me" },
      role: this.role,
      lastClientSeq: this.#answered.get(client.id)?.last ?? 0,
      refused: [...(this.#answered.get(client.id)?.refused.keys() ?? [])],
      save: { state: "saved", seq: this.#seq },
      ...(resumes ? { entries: this.#entries.filter((entry) => entry.seq > hello.lastSeq) } : { snapshot: this.state }),
    });
  }

  #submit(client: Client, { clientSeq, op }: { clientSeq: number; op: Operation }): void {
    this.submitted.push({ clientSeq, op });
    const answered = this.#answered.get(client.id) ?? { last: 0, refused: new Map() };
    const done = () => {
      const refusal = answered.refused.get(clientSeq);
      if (refusal) send(client, { type: "rejected", clientSeq, ...refusal });
      else {
        const seq = this.#seq;
        this.#tell(() => send(client, { type: "accepted", clientSeq, seq }));
      }
    };
    const refuse = ({ code, message }: { code: string; message: string }) => {
      answered.refused.set(clientSeq, { code, message });
      done();
    };
    if (clientSeq <= answered.last) {
      done();
      return;
    }
    answered.last = clientSeq;
    this.#answered.set(client.id, answered);
    if (this.mute) this.cut();
    let resolved = op;
    if (op.type === "edit-source") {
      const change = this.#texts.accept(op.cellId, op.update, client.texts.get(op.cellId));
      if ("code" in change) {
        refuse(change);
        return;
      }
      resolved = { ...op, ...change };
    }
    const result = apply(this.state, resolved, { by: { id: "me", name: "Me" }, at: Date.now() });
    if (!result.ok) refuse(result);
    else {
      this.commit(resolved, { id: "me", name: "Me" }, { clientId: client.id, clientSeq });
      done();
    }
  }

  #tell(frame: () => void): void {
    if (this.slow) this.#untold.push(frame);
    else frame();
  }

  #openText(client: Client, { cellId, request }: { cellId: string; request: number }): void {
    this.onOpenText();
    const source = this.text(cellId);
    if (source === undefined) return;
    const old = client.texts.get(cellId);
    if (old !== undefined) this.#texts.close(cellId, old);
    const { update, textClientId } = this.#texts.open(cellId, source);
    client.texts.set(cellId, textClientId);
    send(client, { type: "text-state", cellId, request, seq: this.#seq, update, textClientId });
  }
}

function send({ socket }: Client, frame: ServerFrame): void {
  socket.send(JSON.stringify(frame));
}
