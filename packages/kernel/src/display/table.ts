import type { JsonObject, JsonValue } from "@opsbook/jupyter/codec";
import type { MimeBundle } from "./bundle.ts";
import { boundedJson, isPlain } from "./json.ts";

/** Rows that travel; the whole stays in the kernel. */
export const MAX_ROWS = 10_000;
const MAX_COLUMNS = 200;
/** Rows of the HTML for front ends that know no data resources. */
const HTML_ROWS = 20;
/** Characters of one cell. */
const MAX_CELL = 1000;

/**
 * An array of plain objects as a tabular data resource, or null when it is not one.
 * Source: Frictionless "Tabular Data Resource"; `opsbook.total` is the number of rows there are,
 * `opsbook.offset` which of them is the first here.
 */
export function tableBundle(
  rows: readonly unknown[],
  text: string,
  part: { total: number; offset: number } = { total: rows.length, offset: 0 },
): MimeBundle | null {
  const shown = rows.slice(0, MAX_ROWS);
  if (shown.length === 0 || !shown.every((row) => isPlain(row) && !hasDisplay(row))) return null;
  const names = columns(shown);
  if (names.length === 0) return null;
  const data = shown.map((row) => toRow(row, names));
  const fields = names.map((name) => ({ name, type: typeOf(shown, name) }));
  const resource: JsonObject = {
    schema: { fields },
    data,
    opsbook: { total: part.total, ...(part.offset > 0 ? { offset: part.offset } : {}) },
  };
  return {
    data: {
      "text/plain": text,
      "text/html": html(names, { rows: data, total: part.total }),
      "application/vnd.dataresource+json": resource,
    },
    metadata: {},
  };
}

function hasDisplay(row: object): boolean {
  return Symbol.for("opsbook.display") in row;
}

function columns(rows: readonly unknown[]): string[] {
  const names = new Set<string>();
  for (const row of rows) {
    if (isPlain(row)) for (const key of Object.keys(row)) names.add(key);
    if (names.size >= MAX_COLUMNS) break;
  }
  return [...names].slice(0, MAX_COLUMNS);
}

function toRow(row: unknown, names: readonly string[]): JsonObject {
  const result: JsonObject = {};
  if (!isPlain(row)) return result;
  for (const name of names) {
    if (Object.hasOwn(row, name)) {
      const value = row[name];
      const converted = value === undefined ? null : boundedJson(value);
      Object.defineProperty(result, name, { value: converted, enumerable: true, writable: true, configurable: true });
    }
  }
  return result;
}

function typeOf(rows: readonly unknown[], name: string): string {
  let found: string | null = null;
  for (const row of rows) {
    const value = isPlain(row) && Object.hasOwn(row, name) ? row[name] : undefined;
    if (value === null || value === undefined) continue;
    const type = valueType(value);
    if (found === null || found === type) found = type;
    else if (found === "integer" && type === "number") found = "number";
    else if (found !== "number" || type !== "integer") return "any";
  }
  return found ?? "any";
}

function valueType(value: unknown): string {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? "integer" : "number";
    case "string":
    case "boolean":
      return typeof value;
    case "bigint":
      return "string";
    case "object":
      if (value instanceof Date) return "datetime";
      return Array.isArray(value) ? "array" : isPlain(value) ? "object" : "string";
    default:
      return "any";
  }
}

function html(names: readonly string[], table: { rows: readonly JsonObject[]; total: number }): string {
  const head = names.map((name) => `<th>${escapeHtml(name)}</th>`).join("");
  const body = table.rows
    .slice(0, HTML_ROWS)
    .map((row) => `<tr>${names.map((name) => `<td>${escapeHtml(cellText(row[name]))}</td>`).join("")}</tr>`)
    .join("");
  const more = table.total > HTML_ROWS ? `<p>${HTML_ROWS} of ${table.total} rows</p>` : "";
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>${more}`;
}

function cellText(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL)}…` : text;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
