/** One field of a layout: where it lies and how it is read. Source: Python's `struct`, "Format Characters". */
export interface Field {
  readonly code: Code;
  /** Bytes from the start. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
}

export interface Layout {
  readonly littleEndian: boolean;
  readonly fields: readonly Field[];
  /** Bytes of the whole. */
  readonly size: number;
}

export type Code = "c" | "b" | "B" | "?" | "h" | "H" | "i" | "I" | "l" | "L" | "q" | "Q" | "e" | "f" | "d" | "s" | "p";

/** Sizes in bytes with an explicit byte order, and on a 64-bit Unix without one. */
const SIZES: Readonly<Record<string, readonly [standard: number, native: number]>> = {
  x: [1, 1],
  c: [1, 1],
  b: [1, 1],
  B: [1, 1],
  "?": [1, 1],
  h: [2, 2],
  H: [2, 2],
  i: [4, 4],
  I: [4, 4],
  l: [4, 8],
  L: [4, 8],
  q: [8, 8],
  Q: [8, 8],
  e: [2, 2],
  f: [4, 4],
  d: [8, 8],
  s: [1, 1],
  p: [1, 1],
};

const ORDERS: Readonly<Record<string, { little: boolean; native: boolean }>> = {
  "@": { little: true, native: true },
  "=": { little: true, native: false },
  "<": { little: true, native: false },
  ">": { little: false, native: false },
  "!": { little: false, native: false },
};

const cache = new Map<string, Layout>();
const CACHED = 200;

/** The layout a format describes. @throws TypeError that names the place of what is not understood. */
export function parseFormat(format: string): Layout {
  const known = cache.get(format);
  if (known !== undefined) return known;
  const layout = parse(format);
  if (cache.size >= CACHED) cache.clear();
  cache.set(format, layout);
  return layout;
}

function parse(format: string): Layout {
  const explicit = ORDERS[format[0] ?? ""];
  const { little, native } = explicit ?? { little: true, native: true };
  const fields: Field[] = [];
  let offset = 0;
  const item = /\s+|(\d*)([a-zA-Z?])/y;
  item.lastIndex = explicit === undefined ? 0 : 1;
  while (item.lastIndex < format.length) {
    const at = item.lastIndex;
    const match = item.exec(format);
    if (match === null) throw notUnderstood(format, at);
    const code = match[2];
    if (code === undefined) continue;
    const sizes = SIZES[code];
    if (sizes === undefined) throw notUnderstood(format, at + (match[1]?.length ?? 0));
    const count = match[1] === "" ? 1 : Number(match[1]);
    const size = native ? sizes[1] : sizes[0];
    if (native) offset = Math.ceil(offset / size) * size;
    if (code === "s" || code === "p") fields.push({ code, offset, size: count });
    else if (code !== "x") {
      for (let n = 0; n < count; n += 1) fields.push({ code: code as Code, offset: offset + n * size, size });
    }
    offset += count * size;
    if (!Number.isSafeInteger(offset)) throw new TypeError(`the layout ${JSON.stringify(format)} is too large`);
  }
  return { littleEndian: little, fields, size: offset };
}

function notUnderstood(format: string, at: number): TypeError {
  const codes = Object.keys(SIZES).join(" ");
  return new TypeError(
    `${JSON.stringify(format)}: ${JSON.stringify(format[at])} at ${at} is none of ${codes}, with a number before it or none`,
  );
}

type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";
type Space = " " | "\n" | "\t";
type Order = "@" | "=" | "<" | ">" | "!";

interface CodeValues {
  c: Uint8Array;
  b: number;
  B: number;
  "?": boolean;
  h: number;
  H: number;
  i: number;
  I: number;
  l: number;
  L: number;
  q: bigint;
  Q: bigint;
  e: number;
  f: number;
  d: number;
}

type Repeat<Value, Count extends string> = Count extends ""
  ? [Value]
  : Count extends `${infer Times extends number}`
    ? Count extends `${Digit}` | `${Digit}${Digit}`
      ? Tuple<Value, Times>
      : Value[]
    : Value[];
type Tuple<Value, Length extends number, Out extends Value[] = []> = Out["length"] extends Length
  ? Out
  : Tuple<Value, Length, [...Out, Value]>;

type Codes<
  Format extends string,
  Count extends string,
  Out extends unknown[],
> = Format extends `${infer C}${infer Rest}`
  ? C extends Space
    ? Codes<Rest, Count, Out>
    : C extends Digit
      ? Codes<Rest, `${Count}${C}`, Out>
      : C extends "s" | "p"
        ? Codes<Rest, "", [...Out, Uint8Array]>
        : C extends "x"
          ? Codes<Rest, "", Out>
          : C extends keyof CodeValues
            ? Codes<Rest, "", [...Out, ...Repeat<CodeValues[C], Count>]>
            : never
  : Out;

export type FieldValue = number | bigint | boolean | Uint8Array;

/** The values of a format as a tuple: `">4s I"` is `[Uint8Array, number]`. `l` and `L` are 8 bytes without a byte order. */
export type Values<Format extends string> = string extends Format
  ? FieldValue[]
  : Format extends `${Order}${infer Rest}`
    ? Codes<Rest, "", []>
    : Codes<Format, "", []>;
