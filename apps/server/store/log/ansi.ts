/** Colours kept at most: a text that never resets them is no reason to send thousands. */
const MAX_STYLES = 16;
/** An escape sequence that has not ended by then is no escape sequence. */
const SEQUENCE_LIMIT = 4096;

// biome-ignore format: one alternative a line
const SEQUENCES = new RegExp(
  [
    "\\x1b\\[[0-?]*[ -/]*[@-~]",                     // CSI
    "\\x1b\\][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)",     // OSC
    "\\x1b[PX^_][^\\x1b]*\\x1b\\\\",                 // DCS, SOS, PM, APC
    "\\x1b[ -/]*[0-OQ-WYZ\\\\`-~]",                  // two-character escapes
  ].join("|"),
  "g",
);

/** The text without escape sequences (ECMA-48). */
export function stripAnsi(text: string): string {
  return text.includes("\x1b") ? text.replace(SEQUENCES, "") : text;
}

/** The colours and attributes (ECMA-48 SGR) that are on at the end of `text`, as the sequences that set them. */
export function styleAtEnd(text: string): string {
  let on: string[] = [];
  for (const [sequence, parameters] of text.matchAll(/\x1b\[([0-9;:]*)m/g)) {
    const resets = /^0*(;|$)/.test(parameters!);
    if (resets) on = [];
    if (!resets || /[1-9]/.test(parameters!)) on.push(sequence);
  }
  return on.slice(-MAX_STYLES).join("");
}

/** Strips text that comes in pieces: a sequence cut by the end of one is held back until the next. */
export class AnsiStripper {
  #held = "";

  push(chunk: string): string {
    const text = stripAnsi(this.#held + chunk);
    const open = text.indexOf("\x1b");
    const unfinished = open >= 0 && text.length - open < SEQUENCE_LIMIT;
    this.#held = unfinished ? text.slice(open) : "";
    return unfinished ? text.slice(0, open) : text;
  }

  end(): string {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }
}
