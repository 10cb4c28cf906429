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
    /** Where the bytes that follow begin. */
    offset: z.number().int().min(0),
    /** Where the output ended when the server answered: what lies before is history. */
    end: z.number().int().min(0).optional(),
    cols: z.number().int(),
    rows: z.number().int(),
    /** Whether this person may type. */
    writable: z.boolean().optional(),
  }),
  z.object({ type: z.literal("exited"), code: z.number().nullable(), signal: z.string().nullable() }),
]);

export const ACK_BYTES = 65_536;

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
  /** Bytes that the server no longer had: the screen is to be cleared, `lost` of them are missing. */
  onGap: (lost: number) => void;
  onState: (state: TerminalState) => void;
  /** Milliseconds before the first retry; doubles up to 32 times that. */
  retryMs?: number;
}

const MAX_DOUBLINGS = 5;
/** Attempts in a row that never got a welcome, after which an unknown terminal is taken for gone. */
const GIVE_UP_AFTER = 30;

export class TerminalSocket {
  readonly #options: TerminalSocketOptions;
  #socket: WebSocket | null = null;
  #state: TerminalState = { kind: "connecting" };
  /** Offset after the last byte that arrived, after the last that was parsed, and of the last acknowledgement. */
  #received = 0;
  #parsed = 0;
  #acknowledged = 0;
  #historyEnd = 0;
  #welcomed = false;
  #size: { cols: number; rows: number } | null = null;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TerminalSocketOptions) {
    this.#options = options;
    this.#connect();
  }

  get state(): TerminalState {
    return this.#state;
  }

  /** Sends what was typed. False when it could not be: keys are never kept for later, a shell must not run them then. */
  send(bytes: Uint8Array<ArrayBuffer>): boolean {
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
    this.#state = { kind: "closed", reason: "", loginNeeded: false };
    socket?.close(1000);
  }

  #setState(state: TerminalState): void {
    this.#state = state;
    this.#options.onState(state);
  }

  #sendControl(frame: object): void {
    if (this.#welcomed && this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
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
    this.#welcomed = false;
    // Everything of an older socket is ignored: its bytes come again on the new one.
    socket.addEventListener("message", (event) => {
      if (this.#socket === socket) this.#onMessage(event.data);
    });
    socket.addEventListener("close", (event) => {
      if (this.#socket === socket) this.#onClose(event.code);
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
      case "exited":
        this.#setState({ kind: "exited", code: frame.code, signal: frame.signal });
        return;
      default:
        frame satisfies never;
    }
  }

  #onWelcome(frame: Extract<z.infer<typeof serverFrameSchema>, { type: "welcome" }>): void {
    this.#welcomed = true;
    this.#failures = 0;
    if (frame.offset !== this.#received) {
      // Either the server's memory of the past is shorter than our absence, or it is another terminal of that name.
      this.#options.onGap(Math.max(0, frame.offset - this.#received));
      this.#received = frame.offset;
    }
    this.#parsed = this.#acknowledged = this.#received;
    this.#historyEnd = frame.end ?? frame.offset;
    this.#setState({ kind: "online", writable: frame.writable ?? true });
    this.#sendSize();
  }

  #onBytes(bytes: Uint8Array): void {
    const history = this.#received < this.#historyEnd;
    const socket = this.#socket;
    this.#received += bytes.length;
    const done = (): void => {
      if (this.#socket !== socket) return;
      this.#parsed += bytes.length;
      if (this.#parsed - this.#acknowledged < ACK_BYTES) return;
      this.#acknowledged = this.#parsed;
      this.#sendControl({ type: "ack", offset: this.#parsed });
    };
    this.#options.onData(bytes, { history, done });
  }

  #onClose(code: number): void {
    this.#socket = null;
    if (this.#state.kind === "exited") return;
    const known = CLOSE_CODES[code as keyof typeof CLOSE_CODES] as
      | (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES]
      | undefined;
    if (known?.terminal) {
      const reason = code === 4004 ? "This terminal has been closed." : known.message;
      this.#setState({ kind: "closed", reason, loginNeeded: code === 4001 });
      return;
    }
    this.#failures += 1;
    if (this.#failures > GIVE_UP_AFTER) {
      this.#setState({ kind: "closed", reason: "The server cannot be reached.", loginNeeded: false });
      return;
    }
    const base = (this.#options.retryMs ?? 500) * 2 ** Math.min(this.#failures - 1, MAX_DOUBLINGS);
    // Jitter: a restarted server is not to be met by everybody at the same moment.
    const wait = base * (0.7 + Math.random() * 0.6);
    this.#setState({ kind: "offline", retryAt: Date.now() + wait });
    this.#timer = setTimeout(() => this.#connect(), wait);
  }
}
