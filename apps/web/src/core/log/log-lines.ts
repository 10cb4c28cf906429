import { createStore } from "zustand/vanilla";
import { ApiError, errorMessage } from "../api.ts";
import { type AnsiLine, AnsiText } from "../session/ansi.ts";
import { fetchWindow, type LogWindow } from "./log-api.ts";

/** Lines asked for at once. */
const PAGE_LINES = 500;
/** Pages kept: enough for a few screens, whatever the log's length. */
const PAGES_KEPT = 40;
/** A log that grows is looked at again this often, in milliseconds; one that cannot be reached more rarely. */
const REFRESH_MS = 500;
const RETRY_MS = 3000;
/** A window of a log is bounded by the server; these only say that none of it goes. */
const NO_LIMITS = { lines: PAGE_LINES * 4, characters: 1e9, head: PAGE_LINES * 4 };

export interface LogRow {
  line: AnsiLine;
  /** Bytes of the whole line where only a part of it is shown. */
  cut: number | null;
}

export interface LogStatus {
  state: "loading" | "ready" | "unreachable" | "gone";
  /** What to say to a person where it is not ready. */
  message: string;
  /** Lines by now. */
  total: number;
  bytes: number;
  /** The cell may still print. */
  open: boolean;
  /** When the middle of it was collected, in milliseconds since 1970. */
  collected: number | null;
  /** Counts changes of what rows there are. */
  version: number;
}

interface Page {
  rows: LogRow[];
  loading: boolean;
}

/** The lines of one log: those in sight are fetched, the rest stays on the server. */
export class LogLines {
  readonly outputId: string;
  readonly store = createStore<LogStatus>(() => ({
    state: "loading",
    message: "",
    total: 0,
    bytes: 0,
    open: true,
    collected: null,
    version: 0,
  }));
  readonly #pages = new Map<number, Page>();
  #abort = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #inSight: [number, number] = [0, 0];

  constructor(outputId: string) {
    this.outputId = outputId;
  }

  row(line: number): LogRow | undefined {
    return this.#pages.get(Math.floor(line / PAGE_LINES))?.rows[line % PAGE_LINES];
  }

  /** Keeps up with the log until `stop`. */
  start(): void {
    this.stop();
    this.#abort = new AbortController();
    void this.#refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  /** Fetches what is missing of these lines; `to` is not among them. */
  show(from: number, to: number): void {
    this.#inSight = [from, to];
    const end = Math.min(to, this.store.getState().total);
    for (let page = Math.floor(from / PAGE_LINES); page * PAGE_LINES < end; page++) this.#load(page, end);
  }

  #load(index: number, end: number): void {
    const page = this.#pages.get(index) ?? { rows: [], loading: false };
    this.#pages.delete(index);
    this.#pages.set(index, page);
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= PAGES_KEPT) break;
      this.#pages.delete(oldest);
    }
    const start = index * PAGE_LINES;
    const wanted = Math.min(PAGE_LINES, end - start);
    if (page.loading || page.rows.length >= wanted || this.#abort.signal.aborted) return;
    page.loading = true;
    const from = start + page.rows.length;
    const { signal } = this.#abort;
    fetchWindow(this.outputId, { from, count: PAGE_LINES - page.rows.length, signal })
      .then((window) => {
        page.loading = false;
        this.#apply(window);
        if (start + page.rows.length === from) page.rows.push(...parseWindow(window));
        // A window of long lines is shorter than what was asked for.
        if (window.lines.length > 0) this.show(...this.#inSight);
      })
      .catch((error: unknown) => {
        page.loading = false;
        if (!signal.aborted) this.#failed(error);
      });
  }

  async #refresh(): Promise<void> {
    const { signal } = this.#abort;
    try {
      this.#apply(await fetchWindow(this.outputId, { from: 0, count: 0, signal }));
      this.show(...this.#inSight);
    } catch (error) {
      if (signal.aborted) return;
      this.#failed(error);
    }
    if (signal.aborted) return;
    const { state, open } = this.store.getState();
    if (state === "gone" || (state === "ready" && !open)) return;
    this.#timer = setTimeout(() => void this.#refresh(), state === "unreachable" ? RETRY_MS : REFRESH_MS);
  }

  #apply({ bytes, total, open, collected }: LogWindow): void {
    const before = this.store.getState();
    if (bytes < before.bytes && collected !== undefined) this.#pages.clear();
    // What was the last line may have gone on since.
    else if (bytes > before.bytes && before.total > 0) this.#forgetFrom(before.total - 1);
    this.store.setState({
      state: "ready",
      message: "",
      bytes: collected === undefined ? Math.max(bytes, before.bytes) : bytes,
      total: collected === undefined ? Math.max(total, before.total) : total,
      open,
      collected: collected ?? null,
      version: before.version + 1,
    });
  }

  #forgetFrom(line: number): void {
    const page = this.#pages.get(Math.floor(line / PAGE_LINES));
    if (page && page.rows.length > line % PAGE_LINES) page.rows.length = line % PAGE_LINES;
  }

  #failed(error: unknown): void {
    const gone = error instanceof ApiError && error.code === "not-found";
    const wasGone = this.store.getState().state === "unreachable";
    this.store.setState(({ version }) => ({
      state: gone ? "gone" : "unreachable",
      message: errorMessage(error),
      version: version + 1,
    }));
    if (gone || wasGone) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#refresh(), RETRY_MS);
  }
}

/** One styled line for each line of the window, whatever sequences it holds. */
export function parseWindow({ style, lines }: Pick<LogWindow, "style" | "lines">): LogRow[] {
  let text = new AnsiText(NO_LIMITS);
  text.write(style);
  return lines.map((line) => {
    const index = Math.max(0, text.lines.length - 1);
    text.write(`${line.text}\n`);
    if (text.lines.length !== index + 2) {
      // A sequence without an end took the line's end with it: the line stands for itself.
      const alone = new AnsiText(NO_LIMITS);
      alone.write(line.text);
      text = new AnsiText(NO_LIMITS);
      text.write("");
      return { line: alone.lines[0] ?? { id: 0, runs: [], length: 0 }, cut: line.cut ? line.bytes : null };
    }
    return { line: text.lines[index]!, cut: line.cut ? line.bytes : null };
  });
}
