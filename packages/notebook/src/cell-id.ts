/** Cell ids. Source: nbformat 4.5, JEP 62. */
import type { CellType } from "./model.ts";

// Both Node and browsers have it; this package compiles without either's types.
declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };

const CELL_ID = /^[a-zA-Z0-9_-]{1,64}$/;

export function isCellId(value: unknown): value is string {
  return typeof value === "string" && CELL_ID.test(value);
}

/** A fresh random id: 12 hexadecimal digits, 48 random bits. */
export function newCellId(): string {
  return [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Makes ids for cells of a file that has none, the same ones at every reading: 8 hexadecimal digits of
 * the FNV-1a hash of `type`, newline, `source`, newline, n, where n counts equal cells (and collisions) from 0.
 * So an unsaved upgrade can be reopened, shared and diffed without every id changing.
 */
export class CellIdMaker {
  readonly #taken: Set<string>;
  readonly #next = new Map<string, number>();

  /** `taken` are the ids that cells of the notebook already have. */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  idFor(type: CellType, source: string): string {
    const base = `${type}\n${source}\n`;
    let n = this.#next.get(base) ?? 0;
    const seed = fnv1a(base, 0x811c9dc5);
    for (;;) {
      const id = fnv1a(String(n++), seed).toString(16).padStart(8, "0");
      if (this.#taken.has(id)) continue;
      this.#taken.add(id);
      this.#next.set(base, n);
      return id;
    }
  }
}

function fnv1a(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  return hash;
}
