import { GuardError } from "../core/guard.ts";

const KINDS: ReadonlyMap<number, string> = new Map([
  [0o040000, "d"],
  [0o120000, "l"],
  [0o060000, "b"],
  [0o020000, "c"],
  [0o010000, "p"],
  [0o140000, "s"],
]);

/**
 * Permission bits from `"0644"` or `"u=rw,go=r"`.
 *
 * @throws GuardError for a number: 644 is not 0o644, and by the time one sees it the file is open to the wrong people.
 */
export function parseMode(mode: string): number {
  const given: unknown = mode;
  if (typeof given === "number") {
    throw new GuardError({
      rule: "files.numeric-mode",
      why: `the number ${given} would set ${formatPermissions(given)}`,
      instead: `a text: ${JSON.stringify(`0${given}`)}, or "u=rw,go=r"`,
    });
  }
  if (typeof given === "string") {
    if (/^[0-7]{3,4}$/.test(given)) return Number.parseInt(given, 8);
    const symbolic = parseSymbolic(given);
    if (symbolic !== undefined) return symbolic;
  }
  throw new TypeError(`${JSON.stringify(given)} is not a mode; write "0644" or "u=rw,go=r"`);
}

function parseSymbolic(text: string): number | undefined {
  const shifts = { u: [6], g: [3], o: [0], a: [6, 3, 0] };
  const bits = { r: 4, w: 2, x: 1 };
  let mode = 0;
  for (const clause of text.split(",")) {
    const match = /^([ugoa]+)=([rwx]*)$/.exec(clause);
    if (match === null) return undefined;
    const value = [...(match[2] ?? "")].reduce((sum, letter) => sum | bits[letter as keyof typeof bits], 0);
    for (const who of match[1] ?? "") {
      for (const shift of shifts[who as keyof typeof shifts]) mode = (mode & ~(7 << shift)) | (value << shift);
    }
  }
  return mode;
}

/** `"0644"`. */
export function formatMode(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

/** As `ls -l` shows it: `-rw-r--r--`. */
export function formatPermissions(mode: number): string {
  const triple = (shift: number, special: number, letter: string) => {
    const bits = (mode >> shift) & 7;
    const executable = (bits & 1) !== 0;
    const last = mode & special ? (executable ? letter : letter.toUpperCase()) : executable ? "x" : "-";
    return `${bits & 4 ? "r" : "-"}${bits & 2 ? "w" : "-"}${last}`;
  };
  const kind = KINDS.get(mode & 0o170000) ?? "-";
  return `${kind}${triple(6, 0o4000, "s")}${triple(3, 0o2000, "s")}${triple(0, 0o1000, "t")}`;
}
