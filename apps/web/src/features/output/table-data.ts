import { z } from "zod";

/** `application/vnd.dataresource+json`, as far as a table needs it. Source: Frictionless Tabular Data Resource. */
const resourceSchema = z.object({
  schema: z
    .object({
      fields: z.array(
        z.object({ name: z.string(), type: z.string().catch("any"), title: z.string().optional().catch(undefined) }),
      ),
    })
    .optional()
    .catch(undefined),
  data: z.array(z.unknown()),
  /** How many rows there are, and which of them is the first here. */
  opsbook: z
    .object({ total: z.int().min(0), offset: z.int().min(0).catch(0).default(0) })
    .optional()
    .catch(undefined),
});

export interface Column {
  key: string;
  title: string;
  numeric: boolean;
}

export interface TableData {
  columns: Column[];
  /** Cells in the order of the columns. */
  rows: unknown[][];
  /** Of all rows there are, where these are a part of them. */
  part: { total: number; offset: number } | null;
}

export interface Sorting {
  column: number;
  descending: boolean;
}

/** Null where the value is no table. */
export function parseTable(value: unknown): TableData | null {
  const parsed = resourceSchema.safeParse(value);
  if (!parsed.success) return null;
  const { data } = parsed.data;
  const fields = parsed.data.schema?.fields ?? keysOf(data).map((name) => ({ name, type: "any", title: undefined }));
  const rows = data.map((row) =>
    fields.map(({ name }, index) => (Array.isArray(row) ? row[index] : isRecord(row) ? row[name] : row)),
  );
  const columns = fields.map(({ name, type, title }, index) => ({
    key: name,
    title: title ?? name,
    numeric:
      type === "number" || type === "integer" || (type === "any" && rows.every((row) => isNumberOrNone(row[index]))),
  }));
  const { opsbook } = parsed.data;
  return { columns, rows, part: opsbook && opsbook.total > rows.length ? opsbook : null };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isNumberOrNone = (value: unknown) => typeof value === "number" || value === null || value === undefined;

function keysOf(data: unknown[]): string[] {
  const keys = new Set<string>();
  for (const row of data.slice(0, 1000)) if (isRecord(row)) for (const key of Object.keys(row)) keys.add(key);
  return [...keys];
}

export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Indexes of the rows to show, in order. Numbers sort as numbers, text as people count, what is missing last. */
export function arrange(table: TableData, { filter, sorting }: { filter: string; sorting: Sorting | null }): number[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const kept = table.rows.flatMap((row, index) => {
    if (words.length === 0) return [index];
    const text = row.map(cellText).join("\u0000").toLowerCase();
    return words.every((word) => text.includes(word)) ? [index] : [];
  });
  if (!sorting) return kept;
  const { column, descending } = sorting;
  return kept.sort((a, b) => {
    const [left, right] = [table.rows[a]?.[column], table.rows[b]?.[column]];
    const missing = Number(isMissing(left)) - Number(isMissing(right));
    if (missing !== 0) return missing;
    const order = compare(left, right);
    return (descending ? -order : order) || a - b;
  });
}

const isMissing = (value: unknown) => value === null || value === undefined || value === "";
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

function compare(a: unknown, b: unknown): number {
  return typeof a === "number" && typeof b === "number" ? a - b : collator.compare(cellText(a), cellText(b));
}

/** How wide each column should be, in characters: of its title and of what is in it, within reason. */
export function columnWidths({ columns, rows }: TableData): number[] {
  const step = Math.max(1, Math.floor(rows.length / 500));
  return columns.map(({ title }, column) => {
    // Two more for the mark of the sorting.
    let widest = title.length + 2;
    for (let row = 0; row < rows.length; row += step) widest = Math.max(widest, cellText(rows[row]?.[column]).length);
    return Math.min(48, Math.max(4, widest));
  });
}

/** RFC 4180. */
export function toCsv({ columns, rows }: TableData, order: readonly number[]): string {
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [columns.map(({ title }) => title), ...order.map((index) => (rows[index] ?? []).map(cellText))];
  return `${lines.map((line) => line.map(quote).join(",")).join("\r\n")}\r\n`;
}
