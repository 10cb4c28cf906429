import { createStore } from "zustand/vanilla";

/** The app's own dialogs: at most one is open. */
export type AppDialog = "palette" | "shortcuts" | "settings" | "share" | "checkpoint";

export const dialogStore = createStore<{ open: AppDialog | null }>(() => ({ open: null }));

export function openDialog(dialog: AppDialog | null): void {
  dialogStore.setState({ open: dialog });
}
