/** Cuts text that arrives in pieces into lines; `\n` and `\r\n` end a line, a last line needs no end. */
export class LineSplitter {
  #rest = "";

  push(text: string): string[] {
    const end = text.lastIndexOf("\n");
    if (end === -1) {
      this.#rest += text;
      return [];
    }
    const lines = (this.#rest + text.slice(0, end)).split("\n");
    this.#rest = text.slice(end + 1);
    return lines.map(withoutReturn);
  }

  end(): string[] {
    const last = this.#rest;
    this.#rest = "";
    return last === "" ? [] : [withoutReturn(last)];
  }
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
