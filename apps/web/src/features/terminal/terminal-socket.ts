import { CLOSE_CODES } from "@opsbook/notebook/session";
import { z } from "zod";

/**
 * One terminal's connection. The server counts the bytes of the terminal's output from its start; we count what
 * arrived and ask for the rest after each reconnect, so that nothing is lost and nothing doubled. What xterm has
 * parsed is acknowledged every `ACK_BYTES`: the server pauses the program when too much is on its way.
 */
const serverFrameSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("welcome"),
    /** Where the bytes that follow begin. A second welcome tells of bytes that had to be left out. */
    offset: z.number().int().min(0),
    /** Where the output ended when the server answered: what lies before is history. */
    end: z.number().int().min(0).optional(),
    cols: z.number().int(),
    rows: z.number().int(),
  }),
  /** Something was typed by somebody who may only watch. */
  z.object({ type: z.literal("refused") }),
  z.object({ type: z.literal("exited"), code: z.number().nullable(), signal: z.string().nullable() }),
]);

const ACK_BYTES = 65_536;

/**
 * Milliseconds after joining a running terminal within which its output is taken for history, where the server does
 * not say how much of it there is.
 */
const HISTORY_MS = 250;

export type TerminalState =
  | { kind: "connecting" }
  | { kind: "online"; writable: boolean }
  /** `retryAt` in milliseconds since the epoch. */
  | { kind: "offline"; retryAt: number }
  | { kind: "exited"; code: number | null; signal: string | null }
  | { kind: "closed"; reason: string; loginNeeded: boolean };

export interface TerminalSocketOptions {
  /** The socket's address without `offset`. */
  url: URL;
  /** Takes bytes in order, once each; calls `done` when they are on the screen. `history`: written before we came. */
  onData: (bytes: Uint8Array, context: { history: boolean; done: () => void }) => void;
  /** Bytes are missing, the server no longer had them: what is on the screen does not go together with what follows. */
  onGap: () => void;
  onState: (state: TerminalState) => void;
  /** Asks the server whether the terminal is still there; an answer of "no" ends the attempts. */
  exists: () => Promise<boolean>;
  /** Whether this person may type. */
  writable: boolean;
  /** The terminal was made a moment ago: nothing in it is history. */
  fresh: boolean;
  /** Milliseconds before the first retry; doubles up to 32 times that. */
  retryMs?: number;
}

const MAX_DOUBLINGS = 5;
const GONE = "This terminal has ended.";

export class TerminalSocket {
  readonly #options: TerminalSocketOptions;
  #socket: WebSocket | null = null;
  #state: TerminalState = { kind: "connecting" };
  /** Offset after the last byte that arrived, after the last that was parsed, and of the last acknowledgement. */
  #received = 0;
  #parsed = 0;
  #acknowledged = 0;
  /** Counts the gaps: what was on its way to the screen before one is not counted after it. */
  #generation = 0;
  #historyEnd = 0;
  #historyUntil = 0;
  #writable: boolean;
  #fresh: boolean;
  /** Typed while a terminal just made was being connected to; null once it was. */
  #early: Uint8Array<ArrayBuffer>[] | null;
  #size: { cols: number; rows: number } | null = null;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TerminalSocketOptions) {
    this.#options = options;
    this.#writable = options.writable;
    this.#fresh = options.fresh;
    this.#early = options.fresh && options.writable ? [] : null;
    this.#connect();
  }

  get state(): TerminalState {
    return this.#state;
  }

  /**
   * Sends what was typed. False when it could not be: a shell must not run keys long after they were pressed, so
   * none is kept but those for a terminal that is just being made.
   */
  send(bytes: Uint8Array<ArrayBuffer>): boolean {
    if (this.#state.kind === "connecting" && this.#early) {
      this.#early.push(bytes);
      return true;
    }
    if (this.#state.kind !== "online" || !this.#state.writable || this.#socket?.readyState !== WebSocket.OPEN)
      return false;
    this.#socket.send(bytes);
    return true;
  }

  resize(cols: number, rows: number): void {
    if (this.#size?.cols === cols && this.#size.rows === rows) return;
    this.#size = { cols, rows };
    this.#sendSize();
  }

  /** Tries at once, when the network is known to be back. */
  retryNow(): void {
    if (this.#state.kind === "offline") this.#connect();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    this.#state = { kind: "closed", reason: GONE, loginNeeded: false };
    socket?.close(1000);
  }

  #setState(state: TerminalState): void {
    if (state.kind !== "online") this.#early = null;
    this.#state = state;
    this.#options.onState(state);
  }

  #sendControl(frame: object): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #sendSize(): void {
    if (this.#size) this.#sendControl({ type: "resize", ...this.#size });
  }

  #connect(): void {
    clearTimeout(this.#timer);
    const url = new URL(this.#options.url);
    url.searchParams.set("offset", String(this.#received));
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    let opened = false;
    socket.addEventListener("open", () => {
      opened = true;
      if (this.#socket === socket) this.#onOpen();
    });
    // Everything of an older socket is ignored: its bytes come again on the new one.
    socket.addEventListener("message", (event) => {
      if (this.#socket === socket) this.#onMessage(event.data);
    });
    socket.addEventListener("close", (event) => {
      if (this.#socket === socket) void this.#onClose(event.code, opened);
    });
  }

  #onMessage(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      this.#onBytes(new Uint8Array(data));
      return;
    }
    let frame: z.infer<typeof serverFrameSchema>;
    try {
      frame = serverFrameSchema.parse(JSON.parse(String(data)));
    } catch {
      // A kind of frame this page does not know yet.
      return;
    }
    switch (frame.type) {
      case "welcome":
        this.#onWelcome(frame);
        return;
      case "refused":
        this.#writable = false;
        this.#setState({ kind: "online", writable: false });
        return;
      case "exited":
        this.#setState({ kind: "exited", code: frame.code, signal: frame.signal });
        return;
      default:
        frame satisfies never;
    }
  }

  #onOpen(): void {
    this.#failures = 0;
    this.#parsed = this.#acknowledged = this.#received;
    this.#historyEnd = 0;
    this.#historyUntil = this.#fresh ? 0 : performance.now() + HISTORY_MS;
    this.#fresh = false;
    this.#setState({ kind: "online", writable: this.#writable });
    // A new connection knows nothing of our size.
    this.#sendSize();
    const early = this.#early ?? [];
    this.#early = null;
    for (const bytes of early) this.send(bytes);
  }

  #onWelcome(frame: Extract<z.infer<typeof serverFrameSchema>, { type: "welcome" }>): void {
    if (frame.offset !== this.#received) {
      // The server's memory is shorter than our absence, or we read too slowly.
      this.#options.onGap();
      this.#received = this.#parsed = this.#acknowledged = frame.offset;
      this.#generation += 1;
    }
    if (frame.end !== undefined) {
      this.#historyEnd = frame.end;
      this.#historyUntil = 0;
    }
  }

  #onBytes(bytes: Uint8Array): void {
    const history = this.#received < this.#historyEnd || performance.now() < this.#historyUntil;
    const socket = this.#socket;
    const generation = this.#generation;
    this.#received += bytes.length;
    const done = (): void => {
      if (this.#socket !== socket || this.#generation !== generation) return;
      this.#parsed += bytes.length;
      if (this.#parsed - this.#acknowledged < ACK_BYTES) return;
      this.#acknowledged = this.#parsed;
      this.#sendControl({ type: "ack", offset: this.#parsed });
    };
    this.#options.onData(bytes, { history, done });
  }

  async #onClose(code: number, opened: boolean): Promise<void> {
    this.#socket = null;
    if (this.#state.kind === "exited" || this.#state.kind === "closed") return;
    const known: { terminal: boolean; message: string } | undefined = CLOSE_CODES[code as keyof typeof CLOSE_CODES];
    if (known?.terminal) {
      const reason = code === 4004 ? GONE : known.message;
      this.#setState({ kind: "closed", reason, loginNeeded: code === 4001 });
      return;
    }
    this.#failures += 1;
    const base = (this.#options.retryMs ?? 500) * 2 ** Math.min(this.#failures - 1, MAX_DOUBLINGS);
    // Jitter: a restarted server is not to be met by everybody at the same moment.
    const wait = base * (0.7 + Math.random() * 0.6);
    this.#setState({ kind: "offline", retryAt: Date.now() + wait });
    // A socket that was refused does not say why; the REST API does.
    if (!opened && !(await this.#options.exists().catch(() => true))) {
      if (this.#state.kind === "offline") this.#setState({ kind: "closed", reason: GONE, loginNeeded: false });
      return;
    }
    if (this.#state.kind === "offline" && this.#socket === null) this.#timer = setTimeout(() => this.#connect(), wait);
  }
}
