import { Console } from "node:console";
import { formatWithOptions } from "node:util";
import { currentExecution } from "../main/execution.ts";
import type { RingWriter } from "./ring.ts";
import { STDERR, STDOUT, type Stream, streamTag } from "./tag.ts";

export const COLORS = process.env.NO_COLOR === undefined || process.env.NO_COLOR === "";

/** Sends the process's own streams and the console to the ring. */
export function captureOutput(ring: RingWriter): void {
  const write = (stream: Stream, chunk: string | Uint8Array): void => {
    const execution = currentExecution();
    if (execution?.captured) {
      execution.captured.write(stream, chunk);
      return;
    }
    const tag = streamTag(execution?.index ?? 0, stream);
    if (typeof chunk === "string") ring.write(tag, chunk);
    else ring.writeBytes(tag, chunk);
  };
  captureStream(process.stdout, (chunk) => write(STDOUT, chunk));
  captureStream(process.stderr, (chunk) => write(STDERR, chunk));
  replaceConsole(write);
}

function captureStream(stream: NodeJS.WriteStream, write: (chunk: string | Uint8Array) => void): void {
  const capture = (chunk: unknown, encoding?: unknown, callback?: unknown): boolean => {
    if (typeof chunk === "string") {
      const plain = typeof encoding !== "string" || /^utf-?8$/i.test(encoding);
      write(plain ? chunk : Buffer.from(chunk, encoding as BufferEncoding));
    } else if (chunk instanceof Uint8Array) {
      write(chunk);
    } else {
      throw new TypeError("The chunk must be a string or a Uint8Array.");
    }
    const done = typeof encoding === "function" ? encoding : callback;
    if (typeof done === "function") process.nextTick(done);
    return true;
  };
  Object.defineProperty(stream, "write", {
    __proto__: null,
    value: capture,
    writable: true,
    configurable: true,
  } as PropertyDescriptor);
}

/**
 * With an inspector attached Node's own console methods cost four times as much, and they all end in a stream anyway.
 * The object stays the same, because libraries may hold it.
 */
function replaceConsole(write: (stream: Stream, text: string) => void): void {
  let depth = 0;
  // A real Writable that a cell's termination stops in the middle of a write would stay busy for ever.
  const sink = (stream: Stream): NodeJS.WritableStream =>
    ({ write: (text: string) => write(stream, text) }) as unknown as NodeJS.WritableStream;
  const full = new Console({ stdout: sink(STDOUT), stderr: sink(STDERR), colorMode: COLORS, ignoreErrors: false });
  const line =
    (stream: Stream, slow: (...data: unknown[]) => void) =>
    (...data: unknown[]): void => {
      if (depth > 0) slow.apply(full, data);
      else write(stream, `${formatLine(data)}\n`);
    };
  const methods = {
    log: line(STDOUT, full.log),
    info: line(STDOUT, full.info),
    debug: line(STDOUT, full.debug),
    warn: line(STDERR, full.warn),
    error: line(STDERR, full.error),
    group: (...label: unknown[]): void => {
      full.group(...label);
      depth++;
    },
    groupCollapsed: (...label: unknown[]): void => {
      full.groupCollapsed(...label);
      depth++;
    },
    groupEnd: (): void => {
      full.groupEnd();
      depth = Math.max(0, depth - 1);
    },
  };
  const others = [
    "assert",
    "clear",
    "count",
    "countReset",
    "dir",
    "dirxml",
    "table",
    "time",
    "timeEnd",
    "timeLog",
    "trace",
  ] as const;
  for (const name of others) Object.assign(console, { [name]: full[name].bind(full) });
  Object.assign(console, methods);
}

function formatLine(data: unknown[]): string {
  if (data.length === 1 && typeof data[0] === "string") return data[0];
  let text = "";
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    // Numbers stay without colour: programs that read a saved notebook look for them.
    const plain =
      typeof value === "number" ||
      typeof value === "boolean" ||
      (typeof value === "string" && (i > 0 || !value.includes("%")));
    if (!plain) return formatWithOptions({ colors: COLORS }, ...data);
    text += i === 0 ? value : ` ${value}`;
  }
  return text;
}
