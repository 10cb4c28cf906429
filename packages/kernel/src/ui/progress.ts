import type { JsonObject } from "@opsbook/jupyter/codec";
import type { MimeBundle } from "../display/bundle.ts";
import { type Display, type DisplayHandle, shownByItself } from "../display/display.ts";
import { escapeHtml } from "../display/table.ts";

/** MIME type of a bar: `{ label, done, total, finished }`, units; `total` is null where nobody knows. */
const PROGRESS_TYPE = "application/vnd.opsbook.progress+json";
/** Milliseconds between two drawings of one bar, so that a loop of millions costs a few messages. */
const REDRAW = 200;
const WIDTH = 30;

/** A bar in the cell that is drawn anew in its place. */
export class Progress implements Disposable {
  readonly #display: Display;
  readonly #total: number | null;
  #label: string;
  #done = 0;
  #finished = false;
  #handle: DisplayHandle | null = null;
  #timer: NodeJS.Timeout | undefined;
  #drawnAt = 0;

  constructor(display: Display, label: string, total: number | null) {
    this.#display = display;
    this.#label = label;
    this.#total = total;
    shownByItself(this);
    this.#draw();
  }

  get done(): number {
    return this.#done;
  }

  /** @param done units done so far. */
  update(done: number, label?: string): void {
    if (!Number.isFinite(done)) throw new TypeError("progress.update takes the number of units done.");
    this.#done = Math.max(0, this.#total === null ? done : Math.min(done, this.#total));
    if (label !== undefined) this.#label = label;
    if (this.#timer !== undefined || this.#finished) return;
    const wait = this.#drawnAt + REDRAW - performance.now();
    if (wait <= 0) this.#draw();
    else {
      this.#timer = setTimeout(() => this.#draw(), wait);
      this.#timer.unref();
    }
  }

  add(units = 1, label?: string): void {
    this.update(this.#done + units, label);
  }

  finish(label?: string): void {
    if (this.#finished) return;
    this.#finished = true;
    if (label !== undefined) this.#label = label;
    if (this.#total !== null) this.#done = this.#total;
    this.#draw();
  }

  /** Stops where it is: what was left by an error is not finished. */
  [Symbol.dispose](): void {
    if (!this.#finished) this.#draw();
  }

  #draw(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drawnAt = performance.now();
    const bundle = this.#bundle();
    if (this.#handle) this.#display.raw(bundle, { id: this.#handle.id, update: true });
    else this.#handle = this.#display.raw(bundle);
  }

  #bundle(): MimeBundle {
    const [label, done, total, finished] = [this.#label, this.#done, this.#total, this.#finished];
    const part = total === null || total === 0 ? null : done / total;
    const bar =
      part === null ? "" : `${"█".repeat(Math.round(part * WIDTH)).padEnd(WIDTH, "░")} ${Math.floor(part * 100)} %  `;
    const count = `${done}${total === null ? "" : ` of ${total}`}${finished ? ", done" : ""}`;
    const state: JsonObject = { label, done, total, finished };
    const value = part === null ? (finished ? ' value="1"' : "") : ` value="${part}"`;
    return {
      data: {
        "text/plain": `${label}  ${bar}${count}`,
        "text/html": `<label>${escapeHtml(label)} <progress${value}></progress> ${count}</label>`,
        [PROGRESS_TYPE]: state,
      },
      metadata: {},
    };
  }
}
