import { Worker } from "node:worker_threads";
import { createMatcher, type LogQuery } from "./matcher.ts";

export type { LogQuery };

export interface SearchJob {
  file: string;
  /** How much of it to search. */
  bytes: number;
  query: LogQuery;
  /** Hits listed at most; lines that match are counted to the end. */
  limit: number;
}

/** Line from 0, column and length in UTF-16 units of the line without escape sequences. */
export type SearchHit = [line: number, column: number, length: number];

export interface SearchReport {
  type: "progress" | "end";
  /** Searched so far. */
  bytes: number;
  lines: number;
  /** Lines that match so far. */
  matched: number;
  /** New ones, in order. */
  hits: SearchHit[];
}

/** A part of the text that takes longer than this, in milliseconds, is the expression's fault. */
const STALL_MS = 10_000;

export class SearchError extends Error {
  override readonly name = "SearchError";
  readonly code: "bad-expression" | "too-slow" | "failed";

  constructor(code: SearchError["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Throws SearchError `bad-expression`, with the engine's own words. */
export function checkQuery(query: LogQuery): void {
  try {
    createMatcher(query);
  } catch (cause) {
    throw new SearchError("bad-expression", (cause as Error).message, { cause });
  }
}

/**
 * Looks through a log in a thread of its own, so that an expression that never ends holds up nobody and can be
 * stopped. Rejects with SearchError: `too-slow` when it was, `failed` when the file could not be read.
 */
export async function searchLog(
  job: SearchJob,
  {
    signal,
    onReport,
    stallMs = STALL_MS,
  }: {
    signal: AbortSignal;
    onReport: (report: SearchReport) => void;
    stallMs?: number;
  },
): Promise<void> {
  checkQuery(job.query);
  signal.throwIfAborted();
  const worker = new Worker(new URL("./search-worker.ts", import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let watch: NodeJS.Timeout;
  const rewatch = () => {
    clearTimeout(watch);
    const words = "The expression takes too long on this text. Write it without repeats inside of repeats.";
    watch = setTimeout(() => reject(new SearchError("too-slow", words)), stallMs);
  };
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  worker.on("online", rewatch);
  worker.on("message", (report: SearchReport) => {
    rewatch();
    onReport(report);
    if (report.type === "end") resolve();
  });
  worker.on("error", (cause) =>
    reject(new SearchError("failed", `The log could not be searched: ${cause.message}`, { cause })),
  );
  worker.on("exit", () => resolve());
  rewatch();
  try {
    await promise;
  } finally {
    clearTimeout(watch!);
    signal.removeEventListener("abort", stop);
    await worker.terminate();
  }
}
