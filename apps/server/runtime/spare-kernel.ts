/**
 * One TypeScript kernel that is started ahead of need, so that the next notebook does not wait for it. A kernel cannot
 * change its folder once it runs, so the spare stands in the folder that was wanted last.
 */
import type { KeeperLink } from "./keeper-link.ts";

/** It starts this many milliseconds after the kernel somebody waits for, so as not to slow that one. */
const DELAY_MS = 2000;

export interface SpareKernelOptions {
  linkNow(): KeeperLink | null;
  start(link: KeeperLink, id: string, cwd: string): Promise<void>;
  onProblem(error: unknown): void;
}

export class SpareKernel {
  readonly #options: SpareKernelOptions;
  #spare: { id: string; cwd: string; link: KeeperLink } | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: SpareKernelOptions) {
    this.#options = options;
  }

  /** The spare's id for whoever asks first, if it stands in that folder and its keeper is still there. */
  take(cwd: string): string | null {
    const spare = this.#spare;
    if (spare?.cwd !== cwd || spare.link !== this.#options.linkNow()) return null;
    this.#spare = null;
    return spare.id;
  }

  prepareLater(cwd: string): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#prepare(cwd).catch((error: unknown) => this.#options.onProblem(error));
    }, DELAY_MS).unref();
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #prepare(cwd: string): Promise<void> {
    const link = this.#options.linkNow();
    const old = this.#spare;
    if (!link || (old?.cwd === cwd && old.link === link)) return;
    this.#spare = null;
    if (old?.link === link) await link.request({ type: "kernel-shutdown", kernel: old.id });
    const id = crypto.randomUUID();
    await this.#options.start(link, id, cwd);
    this.#spare = { id, cwd, link };
  }
}
