import { createStore } from "zustand/vanilla";
import { ApiError } from "./api.ts";
import { fetchMe, type Me } from "./server.ts";

/** Who is logged in here, and whether the server answers. */
export const meStore = createStore<{ me: Me | null; reachable: boolean }>(() => ({ me: null, reachable: true }));

export async function refreshMe(): Promise<void> {
  try {
    meStore.setState({ me: await fetchMe(), reachable: true });
  } catch (error) {
    // A refusal is an answer too; only silence means that the server is away.
    meStore.setState({ reachable: !(error instanceof ApiError && error.code === "offline") });
  }
}

/** Terminals show what others type: a viewer of notebooks does not see them. */
export function mayWatchTerminals(me: Me | null): boolean {
  return me?.role !== "viewer";
}

export function mayEdit(me: Me | null): boolean {
  return me === null || me.role === null || me.role === "editor" || me.role === "admin";
}
