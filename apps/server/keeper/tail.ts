/** The last lines of a process's output, bounded in lines and bytes. */
const MAX_LINES = 100;
const MAX_BYTES = 64 * 1024;

export class Tail {
  #text = "";

  push(chunk: string): void {
    this.#text += chunk;
    // Trimmed only when twice too long, so that many small chunks cost little.
    if (this.#text.length > 2 * MAX_BYTES) this.#text = this.#text.slice(-MAX_BYTES);
  }

  toString(): string {
    const lines = this.#text.slice(-MAX_BYTES).split("\n");
    const closed = lines.at(-1) === "" ? 1 : 0;
    return lines.slice(-(MAX_LINES + closed)).join("\n");
  }
}
