import type { ServerFrame } from "@opsbook/notebook/session";
import { AnsiText } from "./ansi.ts";

type OutputFrame = Extract<ServerFrame, { type: "output" }>;

/** Gaps up to this many bytes are asked for; wider ones were left out by the server on purpose. */
const GAP_BYTES = 1_048_576;

export interface StreamText {
  readonly text: AnsiText;
  /** Bytes read or passed over, from the start. */
  readonly held: number;
  /** Bytes the server has. */
  readonly total: number;
  /** Lines the server has, while the stream is open. */
  readonly lines: number;
  /** When the middle of it was collected, in milliseconds since 1970. */
  readonly collected: number | null;
  /** Bytes passed over unread. */
  readonly skipped: number;
  /** Counts changes. */
  readonly version: number;
}

interface Stream extends StreamText {
  held: number;
  total: number;
  lines: number;
  collected: number | null;
  skipped: number;
  version: number;
  /** Frames that came before what lies between. */
  ahead: OutputFrame[];
  /** The end of what was asked for and has not come yet. */
  asked: number | null;
  listeners: Set<() => void>;
}

/** The stream outputs of a session by byte offset: pushes are appended, gaps are asked for or passed over. */
export class OutputStore {
  #fetch: (outputId: string, offset: number, limit: number) => boolean;
  #streams = new Map<string, Stream>();

  constructor(fetch: (outputId: string, offset: number, limit: number) => boolean) {
    this.#fetch = fetch;
  }

  stream(outputId: string): StreamText {
    return this.#stream(outputId);
  }

  subscribe(outputId: string, listener: () => void): () => void {
    const { listeners } = this.#stream(outputId);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Bytes held per stream, for `hello`. */
  offsets(): Record<string, number> {
    return Object.fromEntries([...this.#streams].map(([id, { held }]) => [id, held]));
  }

  receive(frame: OutputFrame): void {
    const stream = this.#stream(frame.outputId);
    stream.total = Math.max(stream.total, frame.total);
    stream.lines = Math.max(stream.lines, frame.lines ?? 0);
    stream.collected = frame.collected ?? stream.collected;
    if (frame.offset > stream.held) this.#gap(frame.outputId, stream, frame);
    else {
      this.#append(stream, frame);
      this.#drainAhead(frame.outputId, stream);
    }
    if (stream.asked !== null && stream.held >= stream.asked) stream.asked = null;
    stream.version += 1;
    for (const listener of stream.listeners) listener();
  }

  /** What was asked for will not come any more. */
  disconnected(): void {
    for (const stream of this.#streams.values()) {
      stream.asked = null;
      stream.ahead = [];
    }
  }

  /** Forgets streams that are shown nowhere. */
  retain(outputIds: ReadonlySet<string>): void {
    for (const [id, stream] of this.#streams)
      if (!outputIds.has(id) && stream.listeners.size === 0) this.#streams.delete(id);
  }

  #stream(outputId: string): Stream {
    let stream = this.#streams.get(outputId);
    if (!stream) {
      stream = {
        text: new AnsiText(),
        held: 0,
        total: 0,
        lines: 0,
        collected: null,
        skipped: 0,
        version: 0,
        ahead: [],
        asked: null,
        listeners: new Set(),
      };
      this.#streams.set(outputId, stream);
    }
    return stream;
  }

  #gap(outputId: string, stream: Stream, frame: OutputFrame): void {
    // The server moves a fetch that begins inside a character on to the next one.
    const aligned = frame.requested === true && frame.offset - stream.held < 4;
    if (aligned || frame.offset - stream.held > GAP_BYTES) {
      if (aligned) stream.held = frame.offset;
      else this.#pass(stream, frame.offset);
      this.#append(stream, frame);
      return;
    }
    stream.ahead.push(frame);
    if (stream.asked === null) this.#ask(outputId, stream, frame.offset);
  }

  #drainAhead(outputId: string, stream: Stream): void {
    stream.ahead.sort((a, b) => a.offset - b.offset);
    while (stream.ahead[0] && stream.ahead[0].offset <= stream.held) this.#append(stream, stream.ahead.shift()!);
    const next = stream.ahead[0];
    if (next && stream.asked !== null && stream.held >= stream.asked) this.#ask(outputId, stream, next.offset);
  }

  #append(stream: Stream, frame: OutputFrame): void {
    const known = stream.held - frame.offset;
    if (known >= frame.bytes) return;
    const text = known > 0 ? dropBytes(frame.text, known) : frame.text;
    stream.text.write(text);
    stream.held = frame.offset + frame.bytes;
  }

  #pass(stream: Stream, to: number): void {
    if (to <= stream.held) return;
    stream.skipped += to - stream.held;
    stream.held = to;
    stream.text.skip();
  }

  #ask(outputId: string, stream: Stream, to: number): void {
    const limit = Math.min(GAP_BYTES, to - stream.held);
    if (limit > 0 && this.#fetch(outputId, stream.held, limit)) stream.asked = stream.held + limit;
  }
}

function dropBytes(text: string, count: number): string {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(count));
}
