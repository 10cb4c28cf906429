import { createStore } from "zustand/vanilla";

/** Pixels; a line that is not wrapped. */
export const ROW = 19;
/** Browsers cut off elements that are much taller: a longer log is scrolled by proportion, and by line with wheel and keys. */
const MAX_HEIGHT = 8_000_000;
/** Rows kept on each side of those in sight. */
const OVERSCAN = 12;

export interface LogWindow {
  /** The rows to have in the page; `to` is not among them. */
  from: number;
  to: number;
  /** Of the scrolled content, pixels. */
  height: number;
  /** Stays at the end as the log grows. */
  atEnd: boolean;
}

/**
 * Where a log of any length is scrolled to. The position counts pixels as if each line were one row high; wrapped
 * lines are placed by how far into the first one it is.
 */
export class LogScroller {
  readonly store = createStore<LogWindow>(() => ({ from: 0, to: 0, height: 0, atEnd: false }));
  #box: HTMLElement | null = null;
  #layer: HTMLElement | null = null;
  #viewport = 0;
  #total = 0;
  #wrap = false;
  #position = 0;
  #atEnd = false;

  /** Listens to the box; `layer` holds its rows. */
  attach(box: HTMLElement, layer: HTMLElement): () => void {
    this.#box = box;
    this.#layer = layer;
    const onScroll = () => this.#scrolled();
    const onWheel = (event: WheelEvent) => {
      const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (sideways || event.ctrlKey || (!this.#wrap && this.#scale === 1)) return;
      event.preventDefault();
      this.by(event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * ROW : event.deltaY);
    };
    const resized = new ResizeObserver(() => {
      this.#viewport = box.clientHeight;
      this.#update();
    });
    box.addEventListener("scroll", onScroll, { passive: true });
    box.addEventListener("wheel", onWheel, { passive: false });
    resized.observe(box);
    this.#viewport = box.clientHeight;
    this.#update();
    return () => {
      box.removeEventListener("scroll", onScroll);
      box.removeEventListener("wheel", onWheel);
      resized.disconnect();
      this.#box = null;
      this.#layer = null;
    };
  }

  /** Rows that fit. */
  get rows(): number {
    return Math.max(1, Math.floor(this.#viewport / ROW));
  }

  /** The first line in sight. */
  get top(): number {
    return Math.floor(this.#measured() / ROW);
  }

  setTotal(total: number): void {
    if (total === this.#total) return;
    this.#total = total;
    this.#update();
  }

  setWrap(wrap: boolean): void {
    if (wrap === this.#wrap) return;
    this.#position = this.#measured();
    this.#wrap = wrap;
    this.#update();
  }

  toEnd(): void {
    this.#atEnd = true;
    this.#update();
  }

  /** Stays where it is although the log grows. */
  hold(): void {
    this.#position = this.#measured();
    this.#atEnd = false;
    this.#update();
  }

  /** Brings a line into sight; one that is there already does not move unless it is to be in the middle. */
  reveal(line: number, where: "start" | "middle" | "nearest"): void {
    const top = this.#measured() / ROW;
    const last = this.#lastInSight();
    if (where === "nearest" && line >= top && line <= last) return;
    this.#atEnd = false;
    if (where === "start" || (where === "nearest" && line < top)) this.#position = line * ROW;
    else if (where === "middle") this.#position = (line - Math.floor(this.rows / 2)) * ROW;
    else this.#position = (line + 1) * ROW - this.#viewport;
    this.#update();
  }

  /** Scrolls by pixels. */
  by(pixels: number): void {
    const position = this.#wrap ? this.#walked(pixels) : this.#measured() + pixels;
    this.#atEnd = pixels > 0 && (this.#wrap ? this.#endInSight() : position >= this.#maximum - 1);
    this.#position = position;
    this.#update();
  }

  /** Puts the rows in their place once they are rendered. */
  place(): void {
    const [box, layer] = [this.#box, this.#layer];
    if (!box || !layer) return;
    if (this.#atEnd) this.#position = this.#maximum;
    const top = this.#position / this.#scale;
    if (Math.abs(box.scrollTop - top) >= 1) box.scrollTop = top;
    const { from } = this.store.getState();
    let y: number;
    if (!this.#wrap) y = box.scrollTop - this.#position + from * ROW;
    else if (this.#atEnd) y = box.scrollTop + Math.min(0, this.#viewport - layer.offsetHeight);
    else {
      const line = Math.floor(this.#position / ROW);
      const row = layer.children[line - from];
      const into = this.#position / ROW - line;
      y = box.scrollTop - (row instanceof HTMLElement ? row.offsetTop + into * row.offsetHeight : 0);
    }
    layer.style.transform = `translateY(${y}px)`;
  }

  get #maximum(): number {
    return Math.max(0, this.#wrap ? (this.#total - 1) * ROW : this.#total * ROW - this.#viewport);
  }

  get #height(): number {
    return Math.min(this.#maximum + this.#viewport, MAX_HEIGHT);
  }

  /** Position pixels a pixel of the scrollbar. */
  get #scale(): number {
    const way = this.#height - this.#viewport;
    return way > 0 ? Math.max(1, this.#maximum / way) : 1;
  }

  #scrolled(): void {
    const box = this.#box;
    if (!box || Math.abs(box.scrollTop - this.#position / this.#scale) < 1.5) return;
    this.#position = box.scrollTop * this.#scale;
    this.#atEnd = this.#position >= this.#maximum - 1;
    this.#update();
  }

  #update(): void {
    if (this.#atEnd) this.#position = this.#maximum;
    this.#position = Math.max(0, Math.min(this.#position, this.#maximum));
    const first = Math.floor(this.#position / ROW);
    // Wrapped and at the end, the rows that fit are the last ones, not those from the position on.
    const start = this.#wrap && this.#atEnd ? this.#total - this.rows : first;
    const from = Math.max(0, start - OVERSCAN);
    const to = Math.min(this.#total, start + this.rows + 1 + OVERSCAN);
    const before = this.store.getState();
    const next = { from, to, height: this.#height, atEnd: this.#atEnd };
    const same =
      before.from === from && before.to === to && before.height === next.height && before.atEnd === next.atEnd;
    if (same) this.place();
    else this.store.setState(next);
  }

  /** The position by what is in sight: wrapped at the end, it is known only from there. */
  #measured(): number {
    const rows = this.#wrap && this.#atEnd ? this.#rects() : [];
    const top = this.#box?.getBoundingClientRect().top ?? 0;
    for (const { line, rect } of rows)
      if (rect.bottom > top + 1) return (line + Math.max(0, top - rect.top) / rect.height) * ROW;
    return this.#position;
  }

  #walked(pixels: number): number {
    const start = this.#measured();
    const heights = new Map(this.#rects().map(({ line, rect }) => [line, rect.height]));
    let line = Math.floor(start / ROW);
    let left = (start / ROW - line) * (heights.get(line) ?? ROW) + pixels;
    while (left < 0 && line > 0) left += heights.get(--line) ?? ROW;
    while (left >= (heights.get(line) ?? ROW) && line < this.#total - 1) left -= heights.get(line++) ?? ROW;
    return (line + Math.max(0, left) / (heights.get(line) ?? ROW)) * ROW;
  }

  #lastInSight(): number {
    if (!this.#wrap) return (this.#measured() + this.#viewport) / ROW - 1;
    const bottom = this.#box?.getBoundingClientRect().bottom ?? 0;
    return this.#rects().findLast(({ rect }) => rect.bottom <= bottom + 1)?.line ?? 0;
  }

  #endInSight(): boolean {
    return this.#lastInSight() >= this.#total - 1;
  }

  #rects(): { line: number; rect: DOMRect }[] {
    const { from } = this.store.getState();
    return [...(this.#layer?.children ?? [])].map((row, index) => ({
      line: from + index,
      rect: row.getBoundingClientRect(),
    }));
  }
}
