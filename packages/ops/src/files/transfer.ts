import { kindOf } from "./entry.ts";
import { FilesError } from "./error.ts";
import type { FileSystem, OpenFile } from "./port.ts";

/** Kept in memory at most; larger files have to be streamed. */
export const LARGEST = 512 * 1024 * 1024;

export interface ReadRange {
  /** First byte. */
  readonly from?: number;
  /** Bytes at most. */
  readonly length?: number;
  readonly signal: AbortSignal;
}

/**
 * The bytes of an open file in order, with several requests under way: a network's delay is paid once and not for
 * every chunk. A short answer is taken as it is and the requests behind it are asked again.
 */
async function* readChunks(system: FileSystem, file: OpenFile, range: ReadRange): AsyncGenerator<Uint8Array, void> {
  const end = range.length === undefined ? Number.POSITIVE_INFINITY : (range.from ?? 0) + range.length;
  let position = range.from ?? 0;
  let next = position;
  let pending: { wanted: number; bytes: Promise<Uint8Array> }[] = [];
  try {
    while (position < end) {
      range.signal.throwIfAborted();
      // One request first: most files end in it, and /proc must not be asked behind its end.
      const wide = position > (range.from ?? 0) ? system.window : 1;
      while (pending.length < wide && next < end) {
        const wanted = Math.min(system.chunk, end - next);
        const bytes = file.read(wanted, next);
        bytes.catch(() => {});
        pending.push({ wanted, bytes });
        next += wanted;
      }
      const request = pending.shift();
      if (request === undefined) return;
      const bytes = await request.bytes;
      if (bytes.length === 0) return;
      position += bytes.length;
      if (bytes.length < request.wanted) {
        await Promise.allSettled(pending.map((other) => other.bytes));
        pending = [];
        next = position;
      }
      yield bytes;
    }
  } finally {
    // The handle is closed next; requests still under way must have ended by then.
    await Promise.allSettled(pending.map((other) => other.bytes));
  }
}

export interface WriteProgress {
  readonly signal: AbortSignal;
  readonly onBytes?: ((done: number) => void) | undefined;
}

/** Writes pieces one behind the other with several requests under way. Gives the number of bytes. */
export async function writeChunks(
  system: FileSystem,
  target: { readonly file: OpenFile; readonly pieces: AsyncIterable<Uint8Array> },
  progress: WriteProgress,
): Promise<number> {
  const pending = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let position = 0;
  try {
    for await (const piece of target.pieces) {
      for (let start = 0; start < piece.length; start += system.chunk) {
        progress.signal.throwIfAborted();
        while (pending.size >= system.window) await Promise.race(pending);
        if (failure !== undefined) throw failure.error;
        const part = piece.subarray(start, start + system.chunk);
        const write: Promise<void> = target.file
          .write(part, position)
          .catch((error: unknown) => {
            failure ??= { error };
          })
          .finally(() => pending.delete(write));
        pending.add(write);
        position += part.length;
        progress.onBytes?.(position);
      }
    }
  } finally {
    await Promise.all(pending);
  }
  if (failure !== undefined) throw (failure as { error: unknown }).error;
  return position;
}

/** The bytes of a file, which is opened before the first and closed after the last. */
export async function* readFile(
  system: FileSystem,
  source: { readonly path: string; readonly signal: AbortSignal; readonly length?: number },
): AsyncGenerator<Uint8Array, void> {
  const file = await system.open(source.path);
  try {
    const stat = await file.stat();
    if (kindOf(stat.mode) === "folder") {
      throw new FilesError("is-a-folder", source.path, { message: "it is a folder and has no content" });
    }
    if (source.length === LARGEST && stat.size > LARGEST) {
      throw new FilesError("too-large", source.path, {
        message: `${stat.size} bytes do not fit in memory; read it with for await (… of files.lines(path))`,
      });
    }
    yield* readChunks(system, file, source);
  } finally {
    await file.close();
  }
}
