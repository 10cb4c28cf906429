import {
  CLOSE_CODES,
  type ClientFrame,
  type CloseCode,
  HEARTBEAT_MS,
  type ServerFrame,
  serverFrameSchema,
} from "@opsbook/notebook/session";

/**
 * One connection after the other to a session, for as long as somebody wants it: heartbeat, reconnect with growing
 * pauses, the close codes. It knows frames, not what they mean; the owner answers `hello` and takes what arrives.
 */
export type ConnectionState = "connecting" | "online" | "offline" | "closed";

export interface SessionSocketOptions {
  url: string;
  /** The first frame of each connection. */
  hello(): ClientFrame;
  onFrame(frame: ServerFrame): void;
  /** `message` says why a closed connection will not come back by itself. */
  onConnection(state: ConnectionState, message: string | null): void;
  onRtt?(rttMs: number): void;
}

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 10_000;
const FIRST_PING_MS = 2000;

export class SessionSocket {
  #options: SessionSocketOptions;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #heartbeat: ReturnType<typeof setInterval> | null = null;
  #firstPing: ReturnType<typeof setTimeout> | null = null;
  #lastHeard = 0;
  /** Nothing may overtake what is sent again after `welcome`: the server takes submissions in their order. */
  #welcomed = false;
  #ended = false;

  constructor(options: SessionSocketOptions) {
    this.#options = options;
    this.#connect();
  }

  /** False when there is no connection that could take it; nothing is queued here. */
  send(frame: ClientFrame): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN || !this.#welcomed) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Tries now instead of at the end of the pause: the network came back, or somebody looks at the page again. */
  retryNow(): void {
    if (this.#ended || this.#retry === null) return;
    this.#attempt = 0;
    this.#connect();
  }

  /** After a terminal close, when the cause was mended. */
  reopen(): void {
    if (this.#socket !== null) return;
    this.#ended = false;
    this.#attempt = 0;
    this.#connect();
  }

  /** Drops the connection and makes a new one at once. */
  restart(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    this.#options.onConnection("offline", null);
    this.#connect();
  }

  close(): void {
    this.#ended = true;
    this.#stopTimers();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  #connect(): void {
    this.#stopTimers();
    this.#options.onConnection("connecting", null);
    const socket = new WebSocket(this.#options.url);
    this.#socket = socket;
    this.#welcomed = false;
    socket.addEventListener("open", () => {
      if (socket !== this.#socket) return;
      this.#lastHeard = performance.now();
      socket.send(JSON.stringify(this.#options.hello()));
      this.#startHeartbeat();
    });
    socket.addEventListener("message", (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    });
    socket.addEventListener("close", (event) => {
      if (socket === this.#socket) this.#lost(event.code);
    });
  }

  #receive(data: unknown): void {
    this.#lastHeard = performance.now();
    let json: unknown;
    try {
      json = JSON.parse(String(data));
    } catch {
      json = null;
    }
    const parsed = serverFrameSchema.safeParse(json);
    if (!parsed.success) {
      // A frame this page cannot read means that the two sides disagree about the protocol.
      this.#end(CLOSE_CODES[4000].message);
      return;
    }
    const frame = parsed.data;
    if (frame.type === "pong") {
      this.#options.onRtt?.(Math.max(0, performance.now() - frame.at));
      return;
    }
    if (frame.type === "welcome") {
      this.#attempt = 0;
      this.#welcomed = true;
    }
    this.#options.onFrame(frame);
    if (frame.type === "welcome") {
      this.#options.onConnection("online", null);
      // Not at once: the page is busy showing what just came, and would measure itself.
      this.#firstPing = setTimeout(() => this.#ping(), FIRST_PING_MS);
    }
  }

  #lost(code: number): void {
    this.#socket = null;
    this.#stopTimers();
    const known = code in CLOSE_CODES ? CLOSE_CODES[code as CloseCode] : null;
    if (known?.terminal) {
      this.#end(known.message);
      return;
    }
    const ceiling = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempt);
    this.#attempt += 1;
    // Jitter, so that a restarted server is not met by everybody at once.
    const pause = ceiling * (0.5 + Math.random() / 2);
    this.#retry = setTimeout(() => this.#connect(), pause);
    this.#options.onConnection("offline", known?.message ?? null);
  }

  #end(message: string): void {
    this.close();
    this.#options.onConnection("closed", message);
  }

  #ping(): void {
    this.send({ type: "ping", at: performance.now() });
  }

  #startHeartbeat(): void {
    this.#heartbeat = setInterval(() => {
      if (performance.now() - this.#lastHeard > 3 * HEARTBEAT_MS) {
        const socket = this.#socket;
        this.#lost(1006);
        socket?.close();
        return;
      }
      this.#ping();
    }, HEARTBEAT_MS);
  }

  #stopTimers(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    if (this.#firstPing !== null) clearTimeout(this.#firstPing);
    this.#retry = null;
    this.#heartbeat = null;
    this.#firstPing = null;
  }
}
