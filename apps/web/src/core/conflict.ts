import type { CellChange, KeyChange, Side } from "@opsbook/notebook/diff";
import type { Conflict } from "@opsbook/notebook/session";
import { z } from "zod";
import { createStore } from "zustand/vanilla";
import { request } from "./api.ts";

const viewSchema = z
  .object({
    conflict: z.object({ id: z.string(), file: z.string(), at: z.number() }),
    // Made by the server from its own notebooks.
    cells: z.array(z.custom<CellChange>((value) => typeof value === "object" && value !== null && "kind" in value)),
    metadata: z.array(z.custom<KeyChange>((value) => typeof value === "object" && value !== null && "key" in value)),
  })
  .nullable();
export type ConflictView = NonNullable<z.infer<typeof viewSchema>>;

/** The conflict that is being looked at, by its session; at most one. */
export const conflictStore = createStore<{ sessionId: string | null }>(() => ({ sessionId: null }));

const address = (sessionId: string) => `api/opsbook/sessions/${encodeURIComponent(sessionId)}/conflict`;

/** Null where somebody has decided meanwhile. */
export function loadConflict(sessionId: string, signal: AbortSignal): Promise<ConflictView | null> {
  return request(address(sessionId), { schema: viewSchema, signal });
}

export interface Decision {
  conflict: Pick<Conflict, "id">;
  sides: ReadonlyMap<string, Side>;
  metadata: "mine" | "theirs";
}

export async function decideConflict(sessionId: string, { conflict, sides, metadata }: Decision): Promise<void> {
  const cells = [...sides].map(([cellId, side]) => ({ cellId, side }));
  const body = { conflictId: conflict.id, cells, metadata };
  await request(address(sessionId), { method: "POST", schema: z.null(), body });
}

/** The name under which a cell is chosen: the one here, else that of the other version. */
export const cellKey = (change: CellChange): string => (change.before ?? change.after).cell.id;
