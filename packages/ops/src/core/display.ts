/** MIME type to content, as a Jupyter `display_data` message carries it. */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** A value with this method chooses how a notebook shows it. */
export const displaySymbol: unique symbol = Symbol.for("opsbook.display") as never;

export interface Displayable {
  [displaySymbol](): MimeBundle;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export interface TableField {
  readonly name: string;
  readonly type: "string" | "integer" | "number" | "boolean" | "datetime";
}

export type TableRow = Readonly<Record<string, string | number | boolean | null>>;

/** More rows than a person scrolls through cost the browser and the saved file too much. */
const SHOWN_ROWS = 10_000;
const TEXT_ROWS = 200;

/** A table for the notebook's grid, with plain text for every other front end. */
export function tableBundle(fields: readonly TableField[], rows: readonly TableRow[]): MimeBundle {
  return {
    "application/vnd.dataresource+json": {
      schema: { fields },
      data: rows.slice(0, SHOWN_ROWS),
      opsbook: { total: rows.length },
    },
    "text/plain": tableText(fields, rows),
  };
}

function tableText(fields: readonly TableField[], rows: readonly TableRow[]): string {
  const header = fields.map((field) => field.name);
  const shown = rows.slice(0, TEXT_ROWS).map((row) => fields.map((field) => cellText(row[field.name])));
  const widths = header.map((name, column) => Math.max(name.length, ...shown.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const numeric = fields[column]?.type === "integer" || fields[column]?.type === "number";
        return numeric ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
      })
      .join("  ")
      .trimEnd();
  const more = rows.length > TEXT_ROWS ? [`… ${rows.length - TEXT_ROWS} more rows`] : [];
  return [line(header), ...shown.map(line), ...more].join("\n");
}

function cellText(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return "";
  return String(value).replace(/[\u0000-\u001f\u007f]/g, (character) => JSON.stringify(character).slice(1, -1));
}

/** Bytes for people: `1.4 MiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

/** Milliseconds for people: `340 ms`, `2.5 s`, `3 min 4 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
