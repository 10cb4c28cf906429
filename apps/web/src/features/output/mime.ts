import type { BlobRef, JsonValue, MimeBundle } from "./mime-types.ts";

export type { BlobRef, JsonValue, MimeBundle };

/** Richest first; what is not here is shown as its `text/plain`. */
const SHOWN_TYPES = [
  "application/vnd.opsbook.answer+json",
  "application/vnd.opsbook.progress+json",
  "application/vnd.opsbook.plan+json",
  "application/vnd.dataresource+json",
  "application/vnd.vegalite.v6+json",
  "application/vnd.vegalite.v5+json",
  "application/vnd.vegalite.v4+json",
  "application/vnd.vega.v6+json",
  "application/vnd.vega.v5+json",
  "text/vnd.mermaid",
  "text/html",
  "text/markdown",
  "image/svg+xml",
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "text/latex",
  "application/json",
  "text/plain",
] as const;
export type ShownType = (typeof SHOWN_TYPES)[number];

export function richestType(data: MimeBundle): ShownType | null {
  return SHOWN_TYPES.find((type) => data[type] !== undefined) ?? null;
}

export function isBlobRef(value: unknown): value is BlobRef {
  return typeof value === "object" && value !== null && "$blob" in value && typeof value.$blob === "string";
}

/** Text of a MIME value; files may hold it as a list of lines. */
export function asText(value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((part) => typeof part === "string")) return value.join("");
  return value === undefined ? "" : JSON.stringify(value, null, 2);
}
