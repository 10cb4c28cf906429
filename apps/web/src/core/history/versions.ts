import { type Notebook, parseNotebook } from "@opsbook/notebook";
import { z } from "zod";
import { ApiError, apiUrl, encodePath, request } from "../api.ts";
import { displayName } from "../paths.ts";
import type { UndoStep } from "../session/structural-undo.ts";

const checkpointSchema = z.object({
  id: z.string(),
  /** ISO 8601. */
  last_modified: z.string(),
  name: z.string().nullable(),
  message: z.string(),
  reason: z.string(),
  by: z.object({ id: z.string(), name: z.string() }).nullable(),
  bytes: z.number(),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

const addressOf = (path: string, id?: string) =>
  `api/contents/${encodePath(path)}/checkpoints${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;

/** Newest first. */
export async function listCheckpoints(path: string): Promise<Checkpoint[]> {
  return (await request(addressOf(path), { schema: z.array(checkpointSchema) })).reverse();
}

export function createCheckpoint(
  path: string,
  body: { name?: string; message?: string; reason?: "restart" },
): Promise<Checkpoint> {
  return request(addressOf(path), { schema: checkpointSchema, method: "POST", body });
}

export function renameCheckpoint(
  path: string,
  id: string,
  body: { name: string; message: string },
): Promise<Checkpoint> {
  return request(addressOf(path, id), { schema: checkpointSchema, method: "PATCH", body });
}

export async function deleteCheckpoint(path: string, id: string): Promise<void> {
  await request(addressOf(path, id), { schema: z.null(), method: "DELETE" });
}

/** Puts the checkpoint, or its version of one cell, in place. Gives the step that takes this back. */
export async function restoreCheckpoint(path: string, id: string, cellId?: string): Promise<UndoStep> {
  const { before } = await request(`api/opsbook/checkpoints/${encodeURIComponent(id)}/${encodePath(path)}`, {
    schema: z.object({ before: z.string() }),
    method: "POST",
    body: cellId === undefined ? {} : { cellId },
  });
  return () => restoreCheckpoint(path, before, cellId);
}

/** `now`, `saved`, `head`, a checkpoint's id, or `path:` and another notebook. */
export type VersionName = string;

/** The notebook as it was then. Throws ApiError. */
export async function loadVersion(path: string, version: VersionName, signal: AbortSignal): Promise<Notebook> {
  const other = otherNotebook(version);
  const address = `api/opsbook/versions/${other === null ? encodeURIComponent(version) : "now"}/${encodePath(other ?? path)}`;
  const response = await fetch(apiUrl(address), { credentials: "same-origin", cache: "no-store", signal });
  if (!response.ok) {
    const body: unknown = await response.json().catch(() => null);
    const message = z.object({ message: z.string() }).safeParse(body);
    throw new ApiError("not-found", message.data?.message ?? `The server answered ${response.status}.`);
  }
  const parsed = parseNotebook(await response.text());
  if (!parsed.ok) throw new ApiError("bad-response", `This version is no notebook: ${parsed.message}`);
  return parsed.notebook;
}

const otherNotebook = (version: VersionName): string | null =>
  version.startsWith("path:") ? version.slice("path:".length) : null;

const FIXED: Record<string, string> = { now: "Now", saved: "Saved file", head: "Last git commit" };

const REASONS: Record<string, string> = {
  interval: "Automatic",
  restore: "Before a restore",
  restart: "Before a restart",
  conflict: "Before a conflict was settled",
  api: "Made by a program",
};

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function checkpointLabel({ name, reason, last_modified }: Checkpoint): string {
  return name === null
    ? `${REASONS[reason] ?? "Automatic"}, ${TIME.format(new Date(last_modified))}`
    : displayName(name);
}

export function versionLabel(version: VersionName, checkpoints: readonly Checkpoint[]): string {
  const checkpoint = checkpoints.find(({ id }) => id === version);
  if (checkpoint) return checkpointLabel(checkpoint);
  return FIXED[version] ?? displayName(otherNotebook(version) ?? "a checkpoint that is gone");
}
