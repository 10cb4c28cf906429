import { useStore } from "zustand";
import { meStore } from "../../core/me.ts";
import { useSessionStatus } from "../../core/session/sessions.ts";
import { workspaceStore } from "../../core/workspace.ts";

export interface Person {
  id: string;
  name: string;
  role: string | null;
  you: boolean;
  /** Tabs or windows of the notebook this person has open. */
  windows: number;
}

/** Who has the notebook open, oneself first; without a notebook, oneself. */
export function usePeople(): Person[] {
  const notebook = useStore(workspaceStore, (state) => state.notebook);
  const clients = useSessionStatus(notebook ?? "")?.clients ?? [];
  const me = useStore(meStore, (state) => state.me);
  const people = new Map<string, Person>();
  if (me) people.set(me.id, { id: me.id, name: me.name, role: me.role, you: true, windows: 0 });
  for (const { user, role } of clients) {
    const known = people.get(user.id);
    people.set(user.id, {
      id: user.id,
      name: user.name,
      role,
      you: known?.you ?? false,
      windows: (known?.windows ?? 0) + 1,
    });
  }
  return [...people.values()];
}
