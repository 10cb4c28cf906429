import { createStore } from "zustand/vanilla";

export interface Toast {
  id: number;
  tone: "info" | "ok" | "fail";
  text: string;
  action?: { label: string; run: () => void };
}

export const toastsStore = createStore<{ toasts: readonly Toast[] }>(() => ({ toasts: [] }));

/** At most this many are on screen; older ones go first. */
const MAX = 4;
/** Milliseconds. Failures stay until they are dismissed: what went wrong must not vanish unread. */
const LIFETIME: Record<Toast["tone"], number | null> = { info: 6000, ok: 4000, fail: null };

let nextId = 1;

export function dismissToast(id: number): void {
  toastsStore.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
}

export function showToast(toast: Omit<Toast, "id">): number {
  const id = nextId++;
  toastsStore.setState(({ toasts }) => ({
    // The same words twice say nothing more.
    toasts: [...toasts.filter((other) => other.text !== toast.text), { ...toast, id }].slice(-MAX),
  }));
  const lifetime = LIFETIME[toast.tone];
  if (lifetime !== null) setTimeout(() => dismissToast(id), lifetime);
  return id;
}
