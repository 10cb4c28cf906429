/** Figures that plain, coloured and edited code share, so that nothing moves when one replaces another. Pixels. */
export const LINE_HEIGHT = 20;
export const CODE_PADDING = 6;
const NUMBERS_GAP = 16;
/** JetBrains Mono is 0.6 em wide. */
const CHARACTER_EM = 0.6;

export const characterWidth = (fontSize: number) => fontSize * CHARACTER_EM;

export function lineNumberChars(lines: number): number {
  return Math.max(2, String(lines).length);
}

/** Where the code begins, right of its line numbers; what the editor computes for the same number of lines. */
export function contentLeft(lines: number, fontSize: number): number {
  return Math.round(lineNumberChars(lines) * characterWidth(fontSize)) + NUMBERS_GAP;
}

export const NUMBERS_WIDTH_GAP = NUMBERS_GAP;
