import {
  type Author,
  CLOSE_CODES,
  type ClientFrame,
  type CloseCode,
  clientFrameSchema,
  HEARTBEAT_MS,
  OUTPUT_FRAME_BYTES,
  PROTOCOL_VERSION,
  type Presence,
  type Role,
  type ServerFrame,
  type UserOperation,
} from "@opsbook/notebook/session";
import type { WebSocket } from "ws";

/** Pushes of output to one client wait above this many unsent bytes; the spool has what it misses. */
const BACKLOG_BYTES = 524_288;
/** A client that is further behind than this gets the newest part and may fetch the rest. */
const SKIP_BEHIND_BYTES = 2_097_152;
const TAIL_BYTES = 524_288;
const PUSH_INTERVAL_MS = 16;
/** Operations cannot be dropped: a client that does not read them is cut and comes back for a snapshot. */
const LIMIT_BYTES = 33_554_432;

export interface Identity {
  user: Author;
  /** Asked at every message; null once the login is revoked. */
  role(): Role | null;
}

/** What a connection needs of its session. */
export interface ConnectionHost {
  welcome(connection: Connection, hello: Extract<ClientFrame, { type: "hello" }>): void;
  submit(connection: Connection, clientSeq: number, op: UserOperation): void;
  openText(connection: Connection, frame: Extract<ClientFrame, { type: "open-text" }>): void;
  closeText(connection: Connection, cellId: string): void;
  presence(connection: Connection, presence: Presence): void;
  left(connection: Connection): void;
  /** Ids of all stream outputs. */
  streamIds(): Iterable<string>;
  /** Bytes of a stream output so far; undefined once it is gone. */
  streamBytes(outputId: string): number | undefined;
  /** Lines of an open stream output so far. */
  streamLines(outputId: string): number | undefined;
  /** When the middle of a stream output was collected, in milliseconds since 1970. */
  streamCollected(outputId: string): number | undefined;
  readStream(outputId: string, offset: number, limit: number): Buffer;
  nextLine(outputId: string, offset: number): number;
}

/** One browser tab on one socket: frames in, frames out, and its place in every output. */
export class Connection {
  readonly identity: Identity;
  clientId = "";
  presence: Presence | null = null;
  /** Yjs client ids by cell, as handed out to this connection. */
  readonly texts = new Map<string, number>();
  readonly #socket: WebSocket;
  readonly #host: ConnectionHost;
  readonly #cursors = new Map<string, number>();
  readonly #dirty = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #lastPush = 0;
  /** On the clock that never jumps, as all that measures a while. */
  #heard = performance.now();
  #heartbeat: NodeJS.Timeout;

  constructor(socket: WebSocket, identity: Identity, host: ConnectionHost) {
    this.#socket = socket;
    this.identity = identity;
    this.#host = host;
    socket.on("message", (data: Buffer) => this.#receive(data.toString()));
    socket.on("close", () => this.#closed());
    socket.on("error", () => socket.terminate());
    // Browsers answer these pings also in a tab whose timers sleep.
    socket.on("pong", () => {
      this.#heard = performance.now();
    });
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  send(frame: ServerFrame): void {
    this.sendText(JSON.stringify(frame));
  }

  /** A frame serialised once for many. */
  sendText(text: string): void {
    if (!this.isOpen) return;
    if (this.#socket.bufferedAmount > LIMIT_BYTES) this.close(4009);
    else this.#socket.send(text);
  }

  close(code: CloseCode): void {
    this.#socket.close(code, CLOSE_CODES[code].message);
  }

  /** Pushes begin after what the client says it holds. */
  startOutputs(held: Record<string, number>): void {
    this.#cursors.clear();
    for (const id of this.#host.streamIds()) {
      const bytes = this.#host.streamBytes(id) ?? 0;
      const offset = Object.hasOwn(held, id) ? Math.min(held[id]!, bytes) : 0;
      this.#cursors.set(id, offset);
      if (offset < bytes) this.#dirty.add(id);
    }
    this.#schedule();
  }

  outputGrew(outputId: string): void {
    this.#dirty.add(outputId);
    this.#schedule();
  }

  /** Tells what became of an output whose text it has already. */
  outputCollected(outputId: string): void {
    this.#cursors.set(outputId, this.#host.streamBytes(outputId) ?? 0);
    this.#sendOutput(outputId, 0, Buffer.alloc(0), false);
  }

  #beat(): void {
    if (performance.now() - this.#heard > 3 * HEARTBEAT_MS) this.#socket.terminate();
    else if (this.isOpen) this.#socket.ping();
  }

  #receive(text: string): void {
    this.#heard = performance.now();
    // One that was told to go, because another page took its place, has no say any more.
    if (!this.isOpen) return;
    const frame = parseFrame(text);
    const refusal = this.#refusal(frame);
    if (refusal !== null) this.close(refusal);
    else if (frame?.type === "hello") {
      this.clientId = frame.clientId;
      this.#host.welcome(this, frame);
    } else if (frame) this.#dispatch(frame);
  }

  #refusal(frame: ClientFrame | null): CloseCode | null {
    if (!frame) return 4008;
    if (this.identity.role() === null) return 4001;
    if (frame.type === "hello") return frame.protocol === PROTOCOL_VERSION ? null : 4000;
    return this.clientId === "" ? 4008 : null;
  }

  #dispatch(frame: Exclude<ClientFrame, { type: "hello" }>): void {
    switch (frame.type) {
      case "submit":
        this.#host.submit(this, frame.clientSeq, frame.op);
        break;
      case "fetch-output":
        this.#fetch(frame);
        break;
      case "open-text":
        this.#host.openText(this, frame);
        break;
      case "close-text":
        this.#host.closeText(this, frame.cellId);
        break;
      case "presence":
        this.#host.presence(this, frame.presence);
        break;
      case "ping":
        this.send({ type: "pong", at: frame.at });
        break;
    }
  }

  #fetch({ outputId, offset, limit }: Extract<ClientFrame, { type: "fetch-output" }>): void {
    const end = offset + limit;
    for (let at = offset; at < end; ) {
      const data = this.#host.readStream(outputId, at, Math.min(OUTPUT_FRAME_BYTES, end - at));
      if (data.length === 0) break;
      this.#sendOutput(outputId, at, data, true);
      at += data.length;
    }
  }

  /** At once when nothing was pushed lately, else when 16 ms have passed: a flood goes out in few frames. */
  #schedule(): void {
    if (this.#timer !== undefined || this.#dirty.size === 0) return;
    const wait = Math.max(0, this.#lastPush + PUSH_INTERVAL_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#push();
    }, wait);
  }

  #push(): void {
    if (!this.isOpen) return;
    this.#lastPush = performance.now();
    for (const outputId of this.#dirty) {
      const total = this.#host.streamBytes(outputId);
      if (total === undefined) {
        this.#dirty.delete(outputId);
        this.#cursors.delete(outputId);
        continue;
      }
      if (!this.#pushOne(outputId, total)) break;
      this.#dirty.delete(outputId);
    }
    this.#schedule();
  }

  /** False where the socket is full: the rest goes later. */
  #pushOne(outputId: string, total: number): boolean {
    let cursor = this.#cursors.get(outputId) ?? 0;
    while (cursor < total) {
      if (this.#socket.bufferedAmount > BACKLOG_BYTES) return false;
      if (total - cursor > SKIP_BEHIND_BYTES && cursor >= TAIL_BYTES)
        cursor = this.#host.nextLine(outputId, total - TAIL_BYTES);
      const data = this.#host.readStream(outputId, cursor, OUTPUT_FRAME_BYTES);
      if (data.length === 0) break;
      this.#sendOutput(outputId, cursor, data, false);
      cursor += data.length;
      this.#cursors.set(outputId, cursor);
    }
    return true;
  }

  #sendOutput(outputId: string, offset: number, data: Buffer, requested: boolean): void {
    const total = this.#host.streamBytes(outputId) ?? offset + data.length;
    const lines = this.#host.streamLines(outputId);
    const collected = this.#host.streamCollected(outputId);
    this.send({
      type: "output",
      outputId,
      offset,
      bytes: data.length,
      text: data.toString(),
      total,
      ...(lines === undefined ? {} : { lines }),
      ...(collected === undefined ? {} : { collected }),
      ...(requested ? { requested } : {}),
    });
  }

  #closed(): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#timer);
    if (this.clientId !== "") this.#host.left(this);
  }
}

function parseFrame(text: string): ClientFrame | null {
  try {
    return clientFrameSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
