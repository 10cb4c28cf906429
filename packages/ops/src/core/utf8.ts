import { isUtf8 } from "node:buffer";

/** Where a text stopped being UTF-8, and the bytes around that place. */
export interface InvalidText {
  /** Bytes from the start of the whole text. */
  readonly offset: number;
  /** Bytes around the place in hexadecimal, the bad one in brackets. */
  readonly window: string;
}

const AROUND = 8;

/** Decodes UTF-8 that arrives in pieces, and says exactly where it stops being UTF-8. */
export class Utf8Stream {
  readonly #onInvalid: (invalid: InvalidText) => Error;
  #carry: Buffer = Buffer.alloc(0);
  #offset = 0;

  constructor(onInvalid: (invalid: InvalidText) => Error) {
    this.#onInvalid = onInvalid;
  }

  /** The text of all complete characters so far. */
  push(chunk: Uint8Array): string {
    const piece = view(chunk);
    const bytes = this.#carry.length === 0 ? piece : Buffer.concat([this.#carry, piece]);
    const complete = bytes.length - unfinishedLength(bytes);
    const head = bytes.subarray(0, complete);
    if (!isUtf8(head)) throw this.#invalid(bytes);
    this.#offset += complete;
    this.#carry = Buffer.from(bytes.subarray(complete));
    return head.toString("utf8");
  }

  /** To be called at the end: a character cut in the middle is an error too. */
  end(): void {
    if (this.#carry.length > 0) throw this.#invalid(this.#carry);
  }

  #invalid(bytes: Buffer): Error {
    const at = findInvalidUtf8(bytes) ?? 0;
    return this.#onInvalid({ offset: this.#offset + at, window: hexWindow(bytes, at) });
  }
}

/** Decodes a whole text. */
export function decodeUtf8(bytes: Uint8Array, onInvalid: (invalid: InvalidText) => Error): string {
  const stream = new Utf8Stream(onInvalid);
  const text = stream.push(bytes);
  stream.end();
  return text;
}

/** Offset of the first byte that is not part of valid UTF-8. */
export function findInvalidUtf8(bytes: Uint8Array): number | undefined {
  if (isUtf8(bytes)) return undefined;
  // Everything before a valid prefix is valid too, so the longest valid prefix can be searched by halves; a cut in
  // the middle of a character makes a prefix "invalid", hence the small scan at the end.
  let low = 0;
  let high = bytes.length;
  while (high - low > 8) {
    const middle = low + ((high - low) >> 1);
    const cut = middle - unfinishedLength(bytes.subarray(low, middle));
    if (cut > low && isUtf8(bytes.subarray(low, cut))) low = cut;
    else if (cut === low) break;
    else high = middle;
  }
  while (low < bytes.length) {
    const size = characterLength(bytes[low] ?? 0);
    if (size === 0 || low + size > bytes.length || !isUtf8(bytes.subarray(low, low + size))) return low;
    low += size;
  }
  return low;
}

function characterLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/** Bytes at the end that begin a character whose rest is still to come. */
function unfinishedLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return characterLength(byte) > back ? back : 0;
  }
  return 0;
}

/** The bytes around `at` in hexadecimal: `… 61 62 [ff] 63 …`. */
function hexWindow(bytes: Uint8Array, at: number): string {
  const from = Math.max(0, at - AROUND);
  const to = Math.min(bytes.length, at + AROUND + 1);
  const shown = [...bytes.subarray(from, to)].map((byte, index) => {
    const hex = byte.toString(16).padStart(2, "0");
    return from + index === at ? `[${hex}]` : hex;
  });
  return `${from > 0 ? "… " : ""}${shown.join(" ")}${to < bytes.length ? " …" : ""}`;
}

function view(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
