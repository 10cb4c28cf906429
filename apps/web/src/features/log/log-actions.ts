import { createStore } from "zustand/vanilla";
import { errorMessage } from "../../core/api.ts";
import { fetchText, type LogQuery, type LogRange, logUrl } from "../../core/log/log-api.ts";
import { LogLines } from "../../core/log/log-lines.ts";
import { type LogHit, LogSearch } from "../../core/log/log-search.ts";
import { showToast } from "../../core/toasts.ts";
import { copyText } from "../output/copy-text.ts";
import { formatCount } from "../output/format.ts";
import { LogScroller, ROW } from "./log-scroller.ts";

/** More than this is not for a clipboard, in bytes. */
const COPY_BYTES = 16_777_216;

export interface LogUi {
  wrap: boolean;
  /** The line that keys move from; null until one was chosen. */
  active: number | null;
  /** The other end of the chosen lines. */
  anchor: number | null;
}

/** What a person does in a log, with keys, buttons and the palette alike. */
export class LogActions {
  readonly lines: LogLines;
  readonly search: LogSearch;
  readonly scroller = new LogScroller();
  readonly ui = createStore<LogUi>(() => ({ wrap: false, active: null, anchor: null }));
  /** The view's own elements. */
  elements: { box: HTMLElement | null; searchField: HTMLInputElement | null; lineField: HTMLInputElement | null } = {
    box: null,
    searchField: null,
    lineField: null,
  };

  constructor(outputId: string) {
    this.lines = new LogLines(outputId);
    this.search = new LogSearch(outputId);
  }

  get selection(): LogRange | null {
    const { active, anchor } = this.ui.getState();
    if (active === null) return null;
    const other = anchor ?? active;
    return { from: Math.min(active, other), to: Math.max(active, other) };
  }

  /** Chooses one line, or all from the one chosen before. */
  choose(line: number, { extend = false, where = "nearest" as "nearest" | "middle" | "start" } = {}): void {
    const last = this.lines.store.getState().total - 1;
    if (last < 0) return;
    const active = Math.max(0, Math.min(line, last));
    this.ui.setState(({ active: before, anchor }) => ({
      active,
      anchor: extend ? (anchor ?? before ?? active) : null,
    }));
    this.scroller.reveal(active, where);
  }

  move(by: number, extend = false): void {
    const { active } = this.ui.getState();
    this.choose(active === null ? this.scroller.top : active + by, { extend });
  }

  page(by: 1 | -1): void {
    if (this.ui.getState().active === null) this.scroller.by(by * (this.scroller.rows - 1) * ROW);
    else this.move(by * (this.scroller.rows - 1));
  }

  toStart(): void {
    this.choose(0, { where: "start" });
  }

  toEnd(): void {
    this.choose(this.lines.store.getState().total - 1);
    this.scroller.toEnd();
  }

  toggleFollow(): void {
    if (this.scroller.store.getState().atEnd) this.scroller.hold();
    else this.scroller.toEnd();
  }

  toggleWrap(): void {
    const wrap = !this.ui.getState().wrap;
    this.ui.setState({ wrap });
    this.scroller.setWrap(wrap);
  }

  selectAll(): void {
    this.ui.setState({ anchor: 0, active: Math.max(0, this.lines.store.getState().total - 1) });
  }

  unselect(): void {
    this.ui.setState({ active: null, anchor: null });
    this.elements.box?.focus();
  }

  find(query: LogQuery): void {
    void this.search.run(query);
  }

  step(by: 1 | -1): void {
    this.#stand(this.search.step(by, this.ui.getState().active ?? this.scroller.top));
  }

  async copy(): Promise<void> {
    const range = this.selection;
    if (!range) {
      showToast({ tone: "info", text: "Choose lines first: click a line's number, Shift+click another." });
      return;
    }
    try {
      const text = await fetchText(this.lines.outputId, range, COPY_BYTES);
      await copyText(range.from === range.to ? text.replace(/\n$/, "") : text);
    } catch (error) {
      showToast({ tone: "fail", text: errorMessage(error) });
    }
  }

  download(options: { range?: LogRange; ansi?: "keep" | "strip" } = {}): void {
    const link = document.createElement("a");
    link.href = logUrl(this.lines.outputId, options);
    link.download = "";
    link.click();
  }

  #stand(hit: LogHit | null): void {
    if (hit) this.choose(hit[0], { where: "middle" });
  }
}

/** `line 12`, `lines 12 to 40` */
export function rangeWords({ from, to }: LogRange): string {
  return from === to
    ? `line ${formatCount(from + 1)}`
    : `lines ${formatCount(from + 1)} to ${formatCount(to + 1)} (${formatCount(to - from + 1)})`;
}
