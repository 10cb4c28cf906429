import { loadavg } from "node:os";

/** The value that `share` (0 to 1) of the samples do not exceed. Source: nearest rank method. */
function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new RangeError("no samples");
  return value;
}

/** Half of the samples are below it. */
function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError("no samples");
  return (lower + upper) / 2;
}

/** How a figure is written: three digits, in the unit that suits its size. */
export interface Unit {
  format: (value: number) => string;
}

export const MILLISECONDS: Unit = {
  format: (value) => (value < 10_000 ? `${threeDigits(value)} ms` : `${threeDigits(value / 1000)} s`),
};
export const MEGABYTES: Unit = { format: (value) => `${threeDigits(value)} MB` };
/** Of bytes. */
export const KILOBYTES: Unit = { format: (value) => `${threeDigits(value / 1000)} kB` };
export const COUNT: Unit = { format: (value) => String(value) };

function threeDigits(value: number): string {
  if (value >= 100) return String(Math.round(value));
  return value.toFixed(value >= 10 ? 1 : 2);
}

/** One measured thing across all who were measured; an entry is its samples, or why there are none. */
export interface Row {
  what: string;
  unit: Unit;
  /** Which figure of the samples stands in the table; the median with its spread where nothing is said. */
  share?: number;
  of: readonly Entry[];
}

export type Entry = readonly number[] | { missing: string } | undefined;

/**
 * A Markdown table: things measured down, who was measured across with ours first, and at the end ours as a multiple
 * of the best peer's. Reasons for what is missing stand below.
 */
export function table(who: readonly string[], rows: readonly Row[]): string {
  const notes: string[] = [];
  const lines = rows.map((row) => {
    const figures = row.of.map((entry) => (isSamples(entry) ? figure(row, entry) : undefined));
    const cells = row.of.map((entry, at) => {
      if (isSamples(entry)) return written(row, entry);
      if (entry === undefined) return "–";
      const place = `${who[at]}, ${row.what}: ${entry.missing}`;
      if (!notes.includes(place)) notes.push(place);
      return `– [${notes.indexOf(place) + 1}]`;
    });
    return [row.what, ...cells, ...(who.length > 1 ? [ratio(figures)] : [])];
  });
  const head = ["", ...who, ...(who.length > 1 ? ["ours ÷ best peer"] : [])];
  const all = [head, head.map((_, at) => (at === 0 ? "---" : "---:")), ...lines];
  const text = all.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  return [text, ...notes.map((note, at) => `[${at + 1}] ${note}.`)].join("\n\n");
}

function isSamples(entry: Entry): entry is readonly number[] {
  return Array.isArray(entry) && entry.length > 0;
}

function figure({ share }: Row, samples: readonly number[]): number {
  return share === undefined ? median(samples) : quantile(samples, share);
}

function written(row: Row, samples: readonly number[]): string {
  const { format } = row.unit;
  const value = format(figure(row, samples));
  const [low, high] = [format(Math.min(...samples)), format(Math.max(...samples))];
  return row.share !== undefined || low === high ? value : `${value} (${low} – ${high})`;
}

function ratio([ours, ...peers]: readonly (number | undefined)[]): string {
  const best = Math.min(...peers.filter((value) => value !== undefined));
  return ours === undefined || !Number.isFinite(best) ? "–" : (ours / best).toFixed(2);
}

/** `2.1 at the start, 2.8 at the end`: how busy the machine was, as waiting processes in the last minute. */
export class Load {
  readonly #before = now();

  toString(): string {
    return `load ${this.#before.toFixed(1)} at the start, ${now().toFixed(1)} at the end`;
  }
}

function now(): number {
  return loadavg()[0] ?? 0;
}

/** For the person who waits; a file that takes both outputs gets the results alone. */
export function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
}
