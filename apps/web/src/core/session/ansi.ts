import { type AnsiStyle, applySgr, type Pen, PLAIN_PEN, styleOf } from "./ansi-style.ts";

export type { AnsiStyle } from "./ansi-style.ts";

/** Text in one look. */
export interface AnsiRun {
  text: string;
  style: AnsiStyle | null;
}

/** Never changed in place: a line that is written to becomes a new object. */
export interface AnsiLine {
  id: number;
  runs: readonly AnsiRun[];
  /** UTF-16 units. */
  length: number;
}

export interface AnsiLimits {
  /** Lines and characters kept; beyond them the middle goes. */
  lines: number;
  characters: number;
  /** Lines at the start that always stay. */
  head: number;
}

const DEFAULT_LIMITS: AnsiLimits = { lines: 10_000, characters: 1_048_576, head: 500 };
/** Longer lines are broken, so that no single one can fill the page's memory. */
const LINE_LIMIT = 32_768;
/** An escape sequence that has not ended by then is no escape sequence. */
const SEQUENCE_LIMIT = 4096;

// biome-ignore format: one alternative a line
const SEQUENCE = new RegExp(
  [
    "\\x1b\\[([0-?]*)[ -/]*([@-~])",                                 // CSI
    "\\x1b\\]([^\\x07\\x1b]*)(?:\\x07|\\x1b\\\\)",                   // OSC
    "\\x1b[PX^_][^\\x1b]*\\x1b\\\\",                                 // DCS, SOS, PM, APC
    "\\x1b[ -/]*[0-OQ-WYZ\\\\`-~]",                                  // two-character escapes
  ].join("|"),
  "y",
);
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/g;

/**
 * Terminal output as lines of styled text, written to bit by bit. Knows colours and attributes (ECMA-48 SGR),
 * links (OSC 8), and what progress bars do: carriage return, backspace, erase in line, absolute column.
 * Everything else a terminal would obey is dropped.
 */
export class AnsiText {
  #limits: AnsiLimits;
  #lines: AnsiLine[] = [];
  #nextId = 0;
  #pen: Pen = PLAIN_PEN;
  #href: string | null = null;
  #style: AnsiStyle | null = null;
  #column = 0;
  #rest = "";
  #characters = 0;
  #gapAt: number | null = null;
  #hiddenLines = 0;

  constructor(limits: AnsiLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  /** Without the empty line a final newline opens. */
  get lineCount(): number {
    const last = this.#lines.at(-1);
    return last && last.length === 0 ? this.#lines.length - 1 : this.#lines.length;
  }

  /** What is kept, oldest first. */
  get lines(): readonly AnsiLine[] {
    return this.#lines;
  }

  /** Where lines are missing: the index of the first one after the gap. */
  get gapAt(): number | null {
    return this.#gapAt;
  }

  get hiddenLines(): number {
    return this.#hiddenLines;
  }

  /** Marks that text is left out here, which was never read. */
  skip(): void {
    this.#rest = "";
    if (this.#gapAt === null || this.#gapAt === this.#lines.length) {
      this.#newLine();
      this.#gapAt = this.#lines.length - 1;
    }
  }

  write(chunk: string): void {
    const text = this.#rest + chunk;
    this.#rest = "";
    if (this.#lines.length === 0) this.#newLine();
    let at = 0;
    while (at < text.length) {
      CONTROL.lastIndex = at;
      const control = CONTROL.exec(text)?.index ?? text.length;
      if (control > at) this.#put(text.slice(at, control));
      if (control === text.length) break;
      const next = this.#control(text, control);
      if (next < 0) {
        this.#rest = text.slice(control);
        break;
      }
      at = next;
    }
    this.#trim();
  }

  plainText(): string {
    return this.#lines.map((line) => line.runs.map((run) => run.text).join("")).join("\n");
  }

  /** Obeys the control character at `index`; gives where to go on, or -1 when its sequence is not complete. */
  #control(text: string, index: number): number {
    switch (text[index]) {
      case "\n":
        this.#newLine();
        return index + 1;
      case "\r":
        this.#column = 0;
        return index + 1;
      case "\b":
        this.#column = Math.max(0, this.#column - 1);
        return index + 1;
      case "\x1b":
        return this.#escape(text, index);
      default:
        return index + 1;
    }
  }

  #escape(text: string, index: number): number {
    SEQUENCE.lastIndex = index;
    const match = SEQUENCE.exec(text);
    if (!match) return text.length - index < SEQUENCE_LIMIT && mayGoOn(text, index) ? -1 : index + 1;
    const [whole, parameters, final, command] = match;
    if (final === "m") this.#setStyle(applySgr(this.#pen, parameters ?? ""), this.#href);
    else if (final === "K") this.#erase(parameters ?? "");
    else if (final === "G") this.#column = Math.max(0, (Number.parseInt(parameters ?? "1", 10) || 1) - 1);
    else if (command?.startsWith("8;")) this.#setStyle(this.#pen, linkOf(command));
    return index + whole.length;
  }

  #setStyle(pen: Pen, href: string | null): void {
    this.#pen = pen;
    this.#href = href;
    this.#style = styleOf(pen, href);
  }

  #newLine(): void {
    this.#lines.push({ id: this.#nextId++, runs: [], length: 0 });
    this.#column = 0;
  }

  #put(text: string): void {
    const line = this.#lines.at(-1)!;
    if (this.#column === line.length && line.length + text.length <= LINE_LIMIT) {
      this.#replaceLast(line, append(line.runs, { text, style: this.#style }), line.length + text.length);
      this.#column = line.length + text.length;
      return;
    }
    if (this.#column + text.length > LINE_LIMIT) {
      const room = Math.max(0, LINE_LIMIT - this.#column);
      if (room > 0) this.#put(text.slice(0, room));
      this.#newLine();
      this.#put(text.slice(room));
      return;
    }
    const padding = this.#column - line.length;
    const before =
      padding > 0
        ? append(line.runs, { text: " ".repeat(padding), style: null })
        : sliceRuns(line.runs, 0, this.#column);
    const end = this.#column + text.length;
    const runs = [...append(before, { text, style: this.#style }), ...sliceRuns(line.runs, end, line.length)];
    this.#replaceLast(line, runs, Math.max(line.length, end));
    this.#column = end;
  }

  #erase(parameters: string): void {
    const line = this.#lines.at(-1)!;
    if (parameters === "" || parameters === "0")
      this.#replaceLast(line, sliceRuns(line.runs, 0, this.#column), Math.min(line.length, this.#column));
    else if (parameters === "2") this.#replaceLast(line, [], 0);
  }

  #replaceLast(line: AnsiLine, runs: readonly AnsiRun[], length: number): void {
    this.#characters += length - line.length;
    this.#lines[this.#lines.length - 1] = { id: line.id, runs, length };
  }

  #trim(): void {
    const { lines: most, characters, head } = this.#limits;
    let excess = Math.max(0, this.#lines.length - most);
    const start = this.#gapAt ?? Math.min(head, this.#lines.length - 1);
    let size = this.#characters;
    for (let index = start; index < start + excess; index++) size -= this.#lines[index]?.length ?? 0;
    while (size > characters && start + excess < this.#lines.length - 1) {
      size -= this.#lines[start + excess]!.length;
      excess += 1;
    }
    if (excess === 0) return;
    this.#lines.splice(start, excess);
    this.#characters = size;
    this.#hiddenLines += excess;
    this.#gapAt = start;
  }
}

/** Whether more text could complete the sequence that begins here. */
function mayGoOn(text: string, index: number): boolean {
  const kind = text[index + 1];
  if (kind === undefined) return true;
  if (kind === "[") return /^[0-?]*[ -/]*$/.test(text.slice(index + 2));
  if (kind === "]" || "PX^_".includes(kind)) return !text.slice(index + 2, -1).includes("\x1b");
  return /^[ -/]*$/.test(text.slice(index + 1));
}

/** Only addresses a person may be sent to from a page. */
function linkOf(command: string): string | null {
  const address = command.slice(command.indexOf(";", 2) + 1);
  return /^https?:\/\/[^\s]+$/i.test(address) ? address : null;
}

function append(runs: readonly AnsiRun[], run: AnsiRun): AnsiRun[] {
  const last = runs.at(-1);
  if (last && last.style === run.style) return runs.with(-1, { text: last.text + run.text, style: run.style });
  return [...runs, run];
}

function sliceRuns(runs: readonly AnsiRun[], from: number, to: number): AnsiRun[] {
  const kept: AnsiRun[] = [];
  let at = 0;
  for (const run of runs) {
    const text = run.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    if (text !== "") kept.push({ text, style: run.style });
    at += run.text.length;
  }
  return kept;
}
