/** How a run of terminal text looks: classes for what themes decide, colours as written for the rest. */
export interface AnsiStyle {
  className: string;
  color?: string;
  background?: string;
  href?: string;
}

/** 0–255: the palette; a string: an `rgb()` colour; null: the terminal's own. */
type Colour = number | string | null;

export interface Pen {
  foreground: Colour;
  background: Colour;
  attributes: ReadonlySet<Attribute>;
}

type Attribute = "bold" | "dim" | "italic" | "underline" | "inverse" | "strike" | "hidden";

export const PLAIN_PEN: Pen = { foreground: null, background: null, attributes: new Set() };

const SET: Record<number, Attribute> = {
  1: "bold",
  2: "dim",
  3: "italic",
  4: "underline",
  7: "inverse",
  8: "hidden",
  9: "strike",
  21: "underline",
};
const UNSET: Record<number, readonly Attribute[]> = {
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["underline"],
  27: ["inverse"],
  28: ["hidden"],
  29: ["strike"],
};

/** ECMA-48 SGR with the 256 and 24-bit colours of ITU T.416, in both spellings (`;` and `:`). */
export function applySgr(pen: Pen, parameters: string): Pen {
  const codes = parameters.split(/[;:]/).map((part) => (part === "" ? 0 : Number.parseInt(part, 10)));
  let { foreground, background } = pen;
  const attributes = new Set(pen.attributes);
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index]!;
    if (code === 0) {
      foreground = null;
      background = null;
      attributes.clear();
    } else if (code === 38 || code === 48) {
      const extended = extendedColour(codes, index + 1, parameters.includes(":"));
      if (code === 38) foreground = extended.colour;
      else background = extended.colour;
      index += extended.used;
    } else if (SET[code]) attributes.add(SET[code]);
    else if (UNSET[code]) for (const attribute of UNSET[code]) attributes.delete(attribute);
    else if (code >= 30 && code <= 37) foreground = code - 30;
    else if (code >= 40 && code <= 47) background = code - 40;
    else if (code >= 90 && code <= 97) foreground = code - 82;
    else if (code >= 100 && code <= 107) background = code - 92;
    else if (code === 39) foreground = null;
    else if (code === 49) background = null;
  }
  return { foreground, background, attributes };
}

function extendedColour(codes: number[], at: number, colons: boolean): { colour: Colour; used: number } {
  if (codes[at] === 5) return { colour: (codes[at + 1] ?? 0) & 255, used: 2 };
  if (codes[at] !== 2) return { colour: null, used: codes.length };
  // `38:2::r:g:b` has an empty colour-space field where `38;2;r;g;b` has none.
  const skip = colons && codes.length - at > 4 ? 1 : 0;
  const channel = (offset: number) => Math.min(255, codes[at + skip + offset] ?? 0);
  return { colour: `rgb(${channel(1)} ${channel(2)} ${channel(3)})`, used: 4 + skip };
}

const styles = new Map<string, AnsiStyle | null>();
/** Programs that paint every character in a colour of its own must not fill the table for ever. */
const STYLES_KEPT = 4096;

/** The same object for the same look, so that neighbouring text joins into one run. */
export function styleOf(pen: Pen, href: string | null): AnsiStyle | null {
  const key = JSON.stringify([pen.foreground, pen.background, [...pen.attributes].sort(), href]);
  const known = styles.get(key);
  if (known !== undefined) return known;
  const style = makeStyle(pen, href);
  if (styles.size >= STYLES_KEPT) styles.clear();
  styles.set(key, style);
  return style;
}

function makeStyle(pen: Pen, href: string | null): AnsiStyle | null {
  const inverse = pen.attributes.has("inverse");
  const front = inverse ? pen.background : pen.foreground;
  const back = inverse ? pen.foreground : pen.background;
  const classes = [...pen.attributes].filter((attribute) => attribute !== "inverse").map((name) => `ansi-${name}`);
  if (inverse && front === null) classes.push("ansi-fg-default");
  if (inverse && back === null) classes.push("ansi-bg-default");
  const style: AnsiStyle = { className: "" };
  if (typeof front === "number" && front < 16) classes.push(`ansi-fg-${front}`);
  else if (front !== null) style.color = cssColour(front);
  if (typeof back === "number" && back < 16) classes.push(`ansi-bg-${back}`);
  else if (back !== null) style.background = cssColour(back);
  if (href !== null) style.href = href;
  style.className = classes.join(" ");
  return style.className === "" && Object.keys(style).length === 1 ? null : style;
}

/** xterm's palette: a 6×6×6 cube from 16 on, 24 greys from 232 on. */
function cssColour(colour: number | string): string {
  if (typeof colour === "string") return colour;
  if (colour >= 232) {
    const grey = 8 + (colour - 232) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const level = (value: number) => (value === 0 ? 0 : 55 + value * 40);
  const cube = colour - 16;
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`;
}
