import { createStore } from "zustand/vanilla";
import { errorMessage } from "../api.ts";
import { type LogQuery, searchLog } from "./log-api.ts";

/** Line from 0, column and length in UTF-16 units. */
export type LogHit = readonly [line: number, column: number, length: number];

export interface SearchStatus {
  query: LogQuery | null;
  running: boolean;
  /** Bytes searched so far. */
  searched: number;
  /** Lines that match so far. */
  matched: number;
  /** The first of them, in order. */
  hits: readonly LogHit[];
  /** Index in `hits` of the one that is stood on. */
  current: number | null;
  message: string | null;
}

const NOTHING: SearchStatus = {
  query: null,
  running: false,
  searched: 0,
  matched: 0,
  hits: [],
  current: null,
  message: null,
};

/** Looks for text in a whole log; the server does the work. */
export class LogSearch {
  readonly store = createStore<SearchStatus>(() => NOTHING);
  readonly #outputId: string;
  #abort: AbortController | null = null;

  constructor(outputId: string) {
    this.#outputId = outputId;
  }

  /** Begins anew; what is searched for now ends. An empty text clears. */
  async run(query: LogQuery): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.store.setState(query.text === "" ? NOTHING : { ...NOTHING, query, running: true }, true);
    if (query.text === "") return;
    let hits: readonly LogHit[] = [];
    try {
      for await (const report of searchLog(this.#outputId, query, abort.signal)) {
        if (abort.signal.aborted) return;
        if (report.type === "failed") {
          this.store.setState({ running: false, message: report.message });
          return;
        }
        if (report.hits.length > 0) hits = [...hits, ...report.hits];
        const { bytes: searched, matched } = report;
        this.store.setState({ searched, matched, hits, running: report.type === "progress" });
      }
      this.store.setState({ running: false });
    } catch (error) {
      if (!abort.signal.aborted) this.store.setState({ running: false, message: errorMessage(error) });
    }
  }

  /** What was found so far stays. */
  cancel(): void {
    if (!this.store.getState().running) return;
    this.#abort?.abort();
    this.store.setState({ running: false, message: "Stopped." });
  }

  clear(): void {
    this.#abort?.abort();
    this.store.setState(NOTHING, true);
  }

  /** Goes to the next or previous hit, over the end to the start; from `line` where none is stood on. */
  step(by: 1 | -1, line: number): LogHit | null {
    const { hits, current } = this.store.getState();
    if (hits.length === 0) return null;
    let next: number;
    if (current === null) {
      const at = lowerBound(hits, line);
      next = by === 1 ? at % hits.length : (at - 1 + hits.length) % hits.length;
    } else next = (current + by + hits.length) % hits.length;
    this.store.setState({ current: next });
    return hits[next] ?? null;
  }
}

/** The hit in this line. */
export function hitIn(hits: readonly LogHit[], line: number): LogHit | undefined {
  const hit = hits[lowerBound(hits, line)];
  return hit?.[0] === line ? hit : undefined;
}

/** Index of the first hit in this line or a later one. */
function lowerBound(hits: readonly LogHit[], line: number): number {
  let low = 0;
  let high = hits.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hits[middle]![0] < line) low = middle + 1;
    else high = middle;
  }
  return low;
}
