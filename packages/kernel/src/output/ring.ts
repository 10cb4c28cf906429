/**
 * Text on its way from the thread that runs cells to the thread that publishes it, through shared memory: it leaves
 * while a cell blocks its thread in a loop or a system call, and a full ring stops the writer, not the heap.
 *
 * Bytes go to one ring; a second one holds segments `(position, tag)`: from that position on, bytes belong to that tag.
 * A negative tag is a mark: the message with that sequence number stands between the text before and after it.
 */

/** Bytes in flight before the writer waits. A power of two. */
const CAPACITY = 4 * 1024 * 1024;
/** Segments in flight before the writer waits. A power of two. */
const SEGMENTS = 8192;
/** Milliseconds the writer sleeps before it looks again, should a wake-up be missed. */
const PATIENCE = 100;
/** Text up to this length is copied by hand, which beats a call into the runtime. */
const SHORT = 200;

const WRITE = 0;
const READ = 1;
const SEGMENT_WRITE = 2;
const SEGMENT_READ = 3;
const AWAKE = 4;
const CONTROL = 8;

export type RingMemory = SharedArrayBuffer;

export function ringMemory(): RingMemory {
  return new SharedArrayBuffer(CONTROL * 4 + SEGMENTS * 8 + CAPACITY);
}

function views(memory: RingMemory) {
  return {
    control: new Int32Array(memory, 0, CONTROL),
    segments: new Int32Array(memory, CONTROL * 4, SEGMENTS * 2),
    bytes: new Uint8Array(memory, CONTROL * 4 + SEGMENTS * 8, CAPACITY),
  };
}

export class RingWriter {
  readonly #control: Int32Array;
  readonly #segments: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #wake: () => void;
  #tag = 0;

  /** `wake` is called when the reader sleeps and something is there for it. */
  constructor(memory: RingMemory, wake: () => void) {
    const { control, segments, bytes } = views(memory);
    this.#control = control;
    this.#segments = segments;
    this.#bytes = bytes;
    this.#wake = wake;
  }

  write(tag: number, text: string): void {
    if (text.length === 0) return;
    if (tag !== this.#tag) this.#open(tag);
    if (text.length > SHORT || !this.#writeAscii(text)) this.#writeBytes(Buffer.from(text));
    if (Atomics.load(this.#control, AWAKE) === 0) this.#rouse();
  }

  writeBytes(tag: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (tag !== this.#tag) this.#open(tag);
    this.#writeBytes(bytes);
    if (Atomics.load(this.#control, AWAKE) === 0) this.#rouse();
  }

  /** Puts the message with this sequence number, from 1, behind all text written so far. */
  mark(sequence: number): void {
    this.#open(-sequence);
  }

  // A cell can be terminated between any two of these steps: what is not published yet was never written.
  #open(tag: number): void {
    const at = Atomics.load(this.#control, SEGMENT_WRITE);
    const next = (at + 1) & (SEGMENTS - 1);
    for (;;) {
      const read = Atomics.load(this.#control, SEGMENT_READ);
      if (next !== read) break;
      this.#waitFor(SEGMENT_READ, read);
    }
    this.#segments[at * 2] = Atomics.load(this.#control, WRITE);
    this.#segments[at * 2 + 1] = tag;
    Atomics.store(this.#control, SEGMENT_WRITE, next);
    this.#tag = tag;
  }

  #writeAscii(text: string): boolean {
    const write = Atomics.load(this.#control, WRITE);
    const free = (Atomics.load(this.#control, READ) - write - 1) & (CAPACITY - 1);
    if (free < text.length) return false;
    const bytes = this.#bytes;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      bytes[(write + i) & (CAPACITY - 1)] = code;
    }
    Atomics.store(this.#control, WRITE, (write + text.length) & (CAPACITY - 1));
    return true;
  }

  #writeBytes(bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      const write = Atomics.load(this.#control, WRITE);
      const read = Atomics.load(this.#control, READ);
      const free = (read - write - 1) & (CAPACITY - 1);
      if (free === 0) {
        this.#waitFor(READ, read);
        continue;
      }
      const length = Math.min(free, bytes.length - done, CAPACITY - write);
      this.#bytes.set(bytes.subarray(done, done + length), write);
      Atomics.store(this.#control, WRITE, (write + length) & (CAPACITY - 1));
      done += length;
    }
  }

  #waitFor(index: number, seen: number): void {
    this.#rouse();
    Atomics.wait(this.#control, index, seen, PATIENCE);
  }

  #rouse(): void {
    if (Atomics.exchange(this.#control, AWAKE, 1) === 0) this.#wake();
  }
}

export class RingReader {
  readonly #control: Int32Array;
  readonly #segments: Int32Array;
  readonly #bytes: Uint8Array;
  #tag = 0;

  constructor(memory: RingMemory) {
    const { control, segments, bytes } = views(memory);
    this.#control = control;
    this.#segments = segments;
    this.#bytes = bytes;
  }

  /**
   * Hands over everything that is there, in order. `onMark` answers whether the reader may go on behind the message
   * with that number. Returns the bytes handed over.
   */
  drain(onText: (tag: number, bytes: Uint8Array) => void, onMark: (sequence: number) => boolean): number {
    const end = Atomics.load(this.#control, WRITE);
    let read = Atomics.load(this.#control, READ);
    let total = 0;
    for (;;) {
      const at = Atomics.load(this.#control, SEGMENT_READ);
      const pending = at !== Atomics.load(this.#control, SEGMENT_WRITE);
      const start = this.#segments[at * 2] ?? 0;
      if (pending && start === read) {
        const tag = this.#segments[at * 2 + 1] ?? 0;
        if (tag < 0 && !onMark(-tag)) return total;
        this.#tag = tag;
        Atomics.store(this.#control, SEGMENT_READ, (at + 1) & (SEGMENTS - 1));
        Atomics.notify(this.#control, SEGMENT_READ);
        continue;
      }
      const available = (end - read) & (CAPACITY - 1);
      const untilNext = pending ? (start - read) & (CAPACITY - 1) : available;
      const length = Math.min(available, untilNext, CAPACITY - read);
      if (length === 0) return total;
      onText(this.#tag, this.#bytes.slice(read, read + length));
      read = (read + length) & (CAPACITY - 1);
      total += length;
      Atomics.store(this.#control, READ, read);
      Atomics.notify(this.#control, READ);
    }
  }

  /** Asks to be woken for the next text. True when some came meanwhile, so that the reader must not sleep. */
  sleep(): boolean {
    Atomics.store(this.#control, AWAKE, 0);
    const something =
      Atomics.load(this.#control, WRITE) !== Atomics.load(this.#control, READ) ||
      Atomics.load(this.#control, SEGMENT_WRITE) !== Atomics.load(this.#control, SEGMENT_READ);
    if (something) Atomics.store(this.#control, AWAKE, 1);
    return something;
  }
}
