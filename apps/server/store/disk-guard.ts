import { statfsSync } from "node:fs";

/** With less than this free, text of outputs is not kept: what is left is for notebooks, their logs and everybody else. */
export const LOW_BYTES = 67_108_864;

/** Looked at again after so much time or text, whichever comes first: milliseconds, bytes. */
const LOOK_MS = 1000;
const LOOK_BYTES = 8_388_608;

/** Knows whether the disk that spools are on is nearly full. */
export class DiskGuard {
  readonly #free: () => number;
  #low = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #since = 0;

  /** `free`: bytes this user may still write. */
  constructor(free: () => number) {
    this.#free = free;
  }

  static of(folder: string): DiskGuard {
    return new DiskGuard(() => {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    });
  }

  /** False where text of this many bytes should not be written now. */
  admits(bytes: number, now = Date.now()): boolean {
    this.#since += bytes;
    if (now - this.#lookedAt >= LOOK_MS || this.#since >= LOOK_BYTES) {
      this.#lookedAt = now;
      this.#since = 0;
      this.#low = this.#free() < LOW_BYTES;
    }
    return !this.#low;
  }

  /** The disk refused. */
  isFull(): void {
    this.#low = true;
    this.#lookedAt = Date.now();
  }
}
