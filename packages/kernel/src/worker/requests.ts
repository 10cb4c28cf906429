import type { JsonObject, JsonValue } from "@opsbook/jupyter/codec";

/** Fields of a request's content, with the protocol's defaults for what is absent or of another type. */
export function textField(content: JsonObject, name: string, otherwise = ""): string {
  const value = content[name];
  return typeof value === "string" ? value : otherwise;
}

export function flagField(content: JsonObject, name: string, otherwise: boolean): boolean {
  const value = content[name];
  return typeof value === "boolean" ? value : otherwise;
}

export function numberField(content: JsonObject, name: string, otherwise: number): number {
  const value = content[name];
  return typeof value === "number" && Number.isFinite(value) ? value : otherwise;
}

export function textsField(content: JsonObject, name: string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [key, value] of Object.entries(objectField(content, name)))
    if (typeof value === "string") result[key] = value;
  return result;
}

function objectField(content: JsonObject, name: string): JsonObject {
  const value: JsonValue | undefined = content[name];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}
