import { messageOf } from "../core/errors.ts";
import { type CallOptions, startCancellation, untilAborted } from "../core/options.ts";
import { FilesError } from "./error.ts";

/** Runs `work` under the call's time limit and signals. */
export async function withLimits<T>(
  call: { readonly path: string; readonly options: CallOptions },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  using cancellation = startCancellation(call.options);
  const { signal } = cancellation;
  try {
    signal.throwIfAborted();
    return await untilAborted(work(signal), signal);
  } catch (error) {
    throw stopped(error, { path: call.path, timedOut: cancellation.timedOut, signal });
  }
}

/** An abort in the words of this library; any other error as it is. */
export function stopped(error: unknown, call: { path: string; timedOut: boolean; signal: AbortSignal }): unknown {
  if (!call.signal.aborted || error !== call.signal.reason) return error;
  return call.timedOut
    ? new FilesError("timeout", call.path, { message: messageOf(error), cause: error })
    : new FilesError("aborted", call.path, { message: "interrupted", cause: error });
}
