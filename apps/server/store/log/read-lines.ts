import { type FileHandle, open } from "node:fs/promises";
import { styleAtEnd } from "./ansi.ts";
import type { LineIndex } from "./line-index.ts";

/** Bytes read at once. More than a step of the index, so that a line that does not fit is followed by an entry. */
const CHUNK_BYTES = 131_072;
/** Bytes of one line that are shown; the rest of a longer one is in the file only. */
const SHOWN_LINE_BYTES = 16_384;
/** Bytes of a window at most. */
const WINDOW_BYTES = 2_097_152;
/** How far back colours that are still on are looked for, in bytes. */
const STYLE_BYTES = 32_768;

export interface LogLine {
  text: string;
  /** Of the whole line, without its end. */
  bytes: number;
  /** True where `text` is a part only: the start, or what a progress bar showed last. */
  cut?: true;
}

export interface LineWindow {
  /** Of the first line, from 0. */
  from: number;
  /** Escape sequences that are in force where the window begins. */
  style: string;
  lines: LogLine[];
}

/** At most `count` lines from `from` on (from 0); fewer where they are long, none beyond the end. */
export async function readLines(
  file: string,
  index: LineIndex,
  { from, count }: { from: number; count: number },
): Promise<LineWindow> {
  await using handle = await open(file, "r");
  const lines: LogLine[] = [];
  const size = index.bytes;
  let { line, offset } = index.before(from);
  let style: string | null = null;
  let room = WINDOW_BYTES;
  const take = async (next: LogLine, start: number) => {
    if (line < from) return;
    style ??= await styleBefore(handle, start);
    lines.push(next);
    room -= next.text.length;
  };
  while (offset < size && lines.length < count && room > 0) {
    const chunk = await readAt(handle, offset, Math.min(CHUNK_BYTES, size - offset));
    if (chunk.length === 0) break;
    let at = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0 && lines.length < count && room > 0; end = chunk.indexOf(0x0a, at)) {
      await take(shown(chunk.subarray(at, end)), offset + at);
      line += 1;
      at = end + 1;
    }
    if (at > 0) offset += at;
    else if (offset + chunk.length >= size) {
      await take(shown(chunk), offset);
      break;
    } else {
      const next = index.afterLong(line);
      await take(await longLine(handle, offset, next), offset);
      line += 1;
      offset = next;
    }
  }
  return { from, style: style ?? "", lines };
}

/** Where a line begins, in bytes; the end of the text for one beyond it. */
export async function offsetOfLine(file: string, index: LineIndex, line: number): Promise<number> {
  let { line: at, offset } = index.before(line);
  if (at === line) return offset;
  await using handle = await open(file, "r");
  while (offset < index.bytes) {
    const chunk = await readAt(handle, offset, Math.min(CHUNK_BYTES, index.bytes - offset));
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, end + 1)) {
      at += 1;
      if (at === line) return offset + end + 1;
    }
    offset += Math.max(1, chunk.length);
  }
  return index.bytes;
}

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

function shown(line: Buffer): LogLine {
  if (line.length <= SHOWN_LINE_BYTES) return { text: line.toString(), bytes: line.length };
  return {
    text: part(line.subarray(0, SHOWN_LINE_BYTES), line.subarray(-SHOWN_LINE_BYTES)),
    bytes: line.length,
    cut: true,
  };
}

/** A line that fits into no chunk, without its end. */
async function longLine(handle: FileHandle, start: number, next: number): Promise<LogLine> {
  const last = await readAt(handle, next - 1, 1);
  const end = last[0] === 0x0a ? next - 1 : next;
  const head = await readAt(handle, start, SHOWN_LINE_BYTES);
  const tail = await readAt(handle, end - SHOWN_LINE_BYTES, SHOWN_LINE_BYTES);
  return { text: part(head, tail), bytes: end - start, cut: true };
}

/** What to show of a line too long to be shown: its start, but of a progress bar what stood there last. */
function part(head: Buffer, tail: Buffer): string {
  if (!head.includes(0x0d)) return head.toString().replace(/\ufffd$/, "");
  const text = tail.toString().replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
}

async function styleBefore(handle: FileHandle, offset: number): Promise<string> {
  const start = Math.max(0, offset - STYLE_BYTES);
  return styleAtEnd((await readAt(handle, start, offset - start)).toString("latin1"));
}
