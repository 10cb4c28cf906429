import { link } from "node:fs/promises";
import { nextLineStart, readSpool } from "./spool.ts";
import type { Spools } from "./spools.ts";

/** A saved stream output holds at most about this many bytes: a head, a note, a tail. */
export const SAVED_STREAM_BYTES = 1_048_576;
const HALF = SAVED_STREAM_BYTES / 2;

const NOTE =
  /\n?\[opsbook: [\d,]+ lines \([\d,]+ bytes\) left out here; the whole output is kept as \.opsbook\/spools\/([0-9a-f-]{36})\]\n/;

/** What the `.ipynb` holds of a stream output: all of it, or head and tail with a note where the rest is. */
export async function savedText(outputId: string, spools: Spools): Promise<string> {
  const found = spools.find(outputId);
  if (!found) return "[the text of this output is gone]\n";
  if (found.bytes <= SAVED_STREAM_BYTES || found.collected !== undefined)
    return readSpool(found.file, 0, found.bytes).toString();
  return cutSpool(
    outputId,
    spools,
    (hidden) => `${hidden} left out here; the whole output is kept as .opsbook/spools/${outputId}`,
  );
}

/** Head and tail of a spool, with a note of ours between that begins with what is hidden. */
export async function cutSpool(outputId: string, spools: Spools, note: (hidden: string) => string): Promise<string> {
  const file = spools.file(outputId);
  const index = await spools.index(outputId);
  const { bytes, lines } = index;
  const start = readSpool(file, 0, HALF);
  const head = start.subarray(0, start.lastIndexOf(0x0a) + 1 || start.length);
  const tailStart = nextLineStart(file, bytes - HALF);
  const tail = readSpool(file, tailStart, bytes - tailStart).toString();
  const hiddenLines = Math.max(1, lines - countLines(head.toString()) - countLines(tail));
  const hidden = `${formatCount(hiddenLines)} lines (${formatCount(tailStart - head.length)} bytes)`;
  const end = head.at(-1) === 0x0a ? "" : "\n";
  return `${head.toString()}${end}[opsbook: ${note(hidden)}]\n${tail}`;
}

/**
 * Gives the spool that a saved text was cut from to an output of its own: a second name of the same file, so that
 * each notebook keeps or discards it for itself. False where the text was not cut, or not from what is there.
 */
export async function adoptWhole(text: string, outputId: string, spools: Spools): Promise<boolean> {
  if (text.length > 3 * SAVED_STREAM_BYTES) return false;
  const note = NOTE.exec(text);
  const whole = note && spools.find(note[1]!);
  if (!whole || whole.open) return false;
  const head = Buffer.from(text.slice(0, note.index));
  const tail = Buffer.from(text.slice(note.index + note[0].length));
  const isSame =
    readSpool(whole.file, 0, head.length).equals(head) &&
    readSpool(whole.file, whole.bytes - tail.length, tail.length).equals(tail);
  if (!isSame) return false;
  try {
    await link(whole.file, spools.file(outputId));
    return true;
  } catch {
    // A file system without links: head and tail have to do.
    return false;
  }
}

const countLines = (text: string): number => text.split("\n").length - (text.endsWith("\n") ? 1 : 0);

const formatCount = (value: number): string => value.toLocaleString("en");
