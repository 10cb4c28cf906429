/** Texts that break programs which build command lines from them; the same ones for the same seed. */
export function hostileValues(count: number, seed = 1): string[] {
  const next = randomNumbers(seed);
  const values = [...KNOWN];
  while (values.length < count) {
    const length = 1 + Math.floor(next() * 8);
    values.push(Array.from({ length }, () => PIECES[Math.floor(next() * PIECES.length)] ?? "").join(""));
  }
  return values.slice(0, count);
}

const KNOWN = [
  "",
  " ",
  "-",
  "--",
  "-rf",
  "--help",
  "-oProxyCommand=id",
  "'",
  '"',
  "\\",
  "\n",
  "\t",
  "#x",
  "~",
  "~root",
  "*",
  "?",
  "{a,b}",
  "a b",
];
const PIECES = [
  ...[" ", "  ", "\n", "\r", "\t", "\u0001", "\u001b[31m", "\u007f"],
  ...["'", '"', "`", "\\", "\\'", "'\\''", "''", "$", "$$", "$(id)", "$" + "{HOME}", "$'\\n'", "`id`"],
  ...["|", "&", "&&", ";", "<", ">", ">&2", "(", ")", "{", "}", "[", "]", "!", "!!", "#", "%", "^", "=", "*", "?", "~"],
  ...[
    "-",
    "--",
    "-n",
    "-e",
    "--version",
    "%s",
    "%n",
    "\\0",
    "\\n",
    "{}",
    "{{x}}",
    "é",
    "ß",
    "漢",
    "😀",
    "\u00a0",
    "\u2028",
    "\ufeff",
  ],
  ...["a", "Z", "0", "file name", "/etc/passwd", "../..", "A=B", "EOF"],
];

/** mulberry32: small, and the same everywhere. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
