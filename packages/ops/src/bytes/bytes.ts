import { displaySymbol, type MimeBundle } from "../core/display.ts";
import { decodeFloat16, encodeFloat16 } from "./float16.ts";
import { type Field, type FieldValue, parseFormat, type Values } from "./format.ts";

/** Bytes with a layout, both ways, and as a person reads them. Formats are those of Python's `struct`. */
export interface Bytes {
  /**
   * Reads the fields at the start of `buffer`. Integers of 8 bytes are bigint with `q` and `Q`; `l` and `L` must fit a
   * number.
   * @throws RangeError when the buffer is shorter than the layout; TypeError for a format that is not understood.
   * @example
   * const header = Uint8Array.of(0x67, 0x69, 0x6d, 0x70, 0, 0, 0, 2);
   * const [magic, version] = bytes.unpack(">4s I", header); // [Uint8Array, 2]
   */
  unpack<const Format extends string>(format: Format, buffer: Uint8Array): Values<Format>;
  /**
   * Writes values in a layout; a text of `s` is filled up with zeros.
   * @throws RangeError for a value that does not fit its field, or too few or too many values.
   * @example
   * bytes.pack("<H 4s", 258, new TextEncoder().encode("ab")); // 02 01 61 62 00 00
   */
  pack<const Format extends string>(format: Format, ...values: Values<Format>): Uint8Array;
  /**
   * The length of a layout in bytes.
   * @example
   * bytes.size(">4s I I"); // 12
   */
  size(format: string): number;
  /**
   * Offset, bytes and printable characters, sixteen to a line; shown as such in a notebook.
   * @example
   * String(bytes.hex(new TextEncoder().encode("GET /\r\n")));
   */
  hex(buffer: Uint8Array): HexView;
}

/** Shown at most; a larger buffer is cut with a note. */
const SHOWN = 64 * 1024;
const PER_LINE = 16;

/** A hex dump, made when it is shown. */
export class HexView {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  toString(): string {
    const shown = this.#bytes.subarray(0, SHOWN);
    const lines: string[] = [];
    for (let at = 0; at < shown.length; at += PER_LINE) lines.push(hexLine(at, shown.subarray(at, at + PER_LINE)));
    if (this.#bytes.length > SHOWN) lines.push(`… ${this.#bytes.length - SHOWN} more bytes`);
    return lines.join("\n");
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  [displaySymbol](): MimeBundle {
    return { "text/plain": this.toString() };
  }
}

function hexLine(offset: number, bytes: Uint8Array): string {
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
  const left = pairs.slice(0, 8).join(" ");
  const right = pairs.slice(8).join(" ");
  const text = Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
  return `${offset.toString(16).padStart(8, "0")}  ${left.padEnd(23)}  ${right.padEnd(23)}  |${text}|`;
}

/** See {@link Bytes}. */
export const bytes: Bytes = Object.freeze({
  unpack: <Format extends string>(format: Format, buffer: Uint8Array) => unpack(format, buffer) as Values<Format>,
  pack: (format: string, ...values: FieldValue[]) => pack(format, values),
  size: (format: string) => parseFormat(format).size,
  hex: (buffer: Uint8Array) => new HexView(buffer),
}) as Bytes;

function unpack(format: string, buffer: Uint8Array): FieldValue[] {
  const layout = parseFormat(format);
  if (buffer.length < layout.size) {
    throw new RangeError(`${JSON.stringify(format)} needs ${layout.size} bytes, there are ${buffer.length}`);
  }
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  return layout.fields.map((field) => read(view, field, layout.littleEndian));
}

function read(view: DataView, { code, offset, size }: Field, little: boolean): FieldValue {
  switch (code) {
    case "b":
      return view.getInt8(offset);
    case "B":
      return view.getUint8(offset);
    case "?":
      return view.getUint8(offset) !== 0;
    case "h":
      return view.getInt16(offset, little);
    case "H":
      return view.getUint16(offset, little);
    case "i":
      return view.getInt32(offset, little);
    case "I":
      return view.getUint32(offset, little);
    case "l":
      return size === 4 ? view.getInt32(offset, little) : toNumber(view.getBigInt64(offset, little));
    case "L":
      return size === 4 ? view.getUint32(offset, little) : toNumber(view.getBigUint64(offset, little));
    case "q":
      return view.getBigInt64(offset, little);
    case "Q":
      return view.getBigUint64(offset, little);
    case "e":
      return decodeFloat16(view.getUint16(offset, little));
    case "f":
      return view.getFloat32(offset, little);
    case "d":
      return view.getFloat64(offset, little);
    case "c":
    case "s":
      return new Uint8Array(view.buffer, view.byteOffset + offset, size).slice();
    case "p": {
      const length = size === 0 ? 0 : Math.min(view.getUint8(offset), size - 1);
      return new Uint8Array(view.buffer, view.byteOffset + offset + 1, length).slice();
    }
  }
}

function toNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} does not fit a number exactly; read it as q or Q`);
  return number;
}

function pack(format: string, values: readonly FieldValue[]): Uint8Array {
  const layout = parseFormat(format);
  if (values.length !== layout.fields.length) {
    throw new RangeError(`${JSON.stringify(format)} takes ${layout.fields.length} values, there are ${values.length}`);
  }
  const packed = new Uint8Array(layout.size);
  const view = new DataView(packed.buffer);
  layout.fields.forEach((field, index) => {
    write({ view, packed, little: layout.littleEndian }, field, values[index] as FieldValue);
  });
  return packed;
}

interface Target {
  readonly view: DataView;
  readonly packed: Uint8Array;
  readonly little: boolean;
}

function write({ view, packed, little }: Target, field: Field, value: FieldValue): void {
  const { code, offset, size } = field;
  switch (code) {
    case "b":
    case "h":
    case "i":
    case "l":
    case "q":
      writeInteger(view, { offset, size, little, value: integer(code, value, { bits: size * 8, signed: true }) });
      break;
    case "B":
    case "H":
    case "I":
    case "L":
    case "Q":
      writeInteger(view, { offset, size, little, value: integer(code, value, { bits: size * 8, signed: false }) });
      break;
    case "?":
      view.setUint8(offset, value ? 1 : 0);
      break;
    case "e":
      view.setUint16(offset, encodeFloat16(float(code, value, 65_520)), little);
      break;
    case "f":
      view.setFloat32(offset, float(code, value, 3.402_823_567_797_337e38), little);
      break;
    case "d":
      view.setFloat64(offset, float(code, value, Number.POSITIVE_INFINITY), little);
      break;
    case "c":
    case "s":
    case "p":
      writeBytes(packed, field, value);
  }
}

/** Source: Python's `struct`: a `p` begins with the length of what follows, in one byte. */
function writeBytes(packed: Uint8Array, { code, offset, size }: Field, value: FieldValue): void {
  if (!(value instanceof Uint8Array)) throw new RangeError(`${code} takes bytes, not ${describe(value)}`);
  const room = code === "p" ? Math.max(Math.min(size - 1, 255), 0) : size;
  if (value.length > room || (code === "c" && value.length !== 1)) {
    throw new RangeError(`${value.length} bytes do not fit the ${room} of ${size}${code}`);
  }
  if (code === "p" && size > 0) packed[offset] = value.length;
  packed.set(value, code === "p" ? offset + 1 : offset);
}

function integer(code: string, value: FieldValue, range: { bits: number; signed: boolean }): bigint {
  const whole = typeof value === "bigint" || (typeof value === "number" && Number.isSafeInteger(value));
  if (!whole) throw new RangeError(`${code} takes a whole number, not ${describe(value)}`);
  const exact = BigInt(value as number | bigint);
  const low = range.signed ? -(2n ** BigInt(range.bits - 1)) : 0n;
  const high = 2n ** BigInt(range.signed ? range.bits - 1 : range.bits) - 1n;
  if (exact < low || exact > high) throw new RangeError(`${exact} does not fit ${code}: ${low} to ${high}`);
  return exact;
}

function float(code: string, value: FieldValue, limit: number): number {
  if (typeof value !== "number") throw new RangeError(`${code} takes a number, not ${describe(value)}`);
  if (Number.isFinite(value) && Math.abs(value) >= limit) throw new RangeError(`${value} does not fit ${code}`);
  return value;
}

function describe(value: unknown): string {
  return value instanceof Uint8Array ? `${value.length} bytes` : `${typeof value} ${String(value)}`;
}

function writeInteger(view: DataView, field: { offset: number; size: number; little: boolean; value: bigint }): void {
  const { offset, size, little, value } = field;
  if (size === 8) view.setBigUint64(offset, BigInt.asUintN(64, value), little);
  else if (size === 4) view.setUint32(offset, Number(BigInt.asUintN(32, value)), little);
  else if (size === 2) view.setUint16(offset, Number(BigInt.asUintN(16, value)), little);
  else view.setUint8(offset, Number(BigInt.asUintN(8, value)));
}
