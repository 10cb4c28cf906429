/** The last bytes of an endless stream, addressed by their offset since its beginning. */
export class ByteRing {
  readonly #buffer: Buffer;
  #end = 0;

  constructor(capacity: number) {
    this.#buffer = Buffer.alloc(capacity);
  }

  /** Offset of the oldest byte held. */
  get start(): number {
    return Math.max(0, this.#end - this.#buffer.length);
  }

  /** Offset after the newest byte: how many bytes the stream had so far. */
  get end(): number {
    return this.#end;
  }

  append(data: Buffer): void {
    const size = this.#buffer.length;
    const kept = data.length > size ? data.subarray(data.length - size) : data;
    const at = (this.#end + data.length - kept.length) % size;
    const head = kept.subarray(0, size - at);
    head.copy(this.#buffer, at);
    kept.copy(this.#buffer, 0, head.length);
    this.#end += data.length;
  }

  /** A copy of at most `max` bytes from `offset`, which must not be older than `start`. */
  read(offset: number, max: number): Buffer {
    const size = this.#buffer.length;
    const length = Math.min(max, this.#end - offset);
    const at = offset % size;
    const head = this.#buffer.subarray(at, Math.min(size, at + length));
    return Buffer.concat([head, this.#buffer.subarray(0, length - head.length)], length);
  }
}
