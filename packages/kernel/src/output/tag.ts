export const STDOUT = 0;
export const STDERR = 1;
export type Stream = typeof STDOUT | typeof STDERR;

/** The tag of a stream's text: which execution it belongs to, 0 for none, and which stream it is. */
export function streamTag(index: number, stream: Stream): number {
  return index * 2 + stream;
}

export function readTag(tag: number): { index: number; name: "stdout" | "stderr" } {
  return { index: tag >> 1, name: tag % 2 === STDERR ? "stderr" : "stdout" };
}
