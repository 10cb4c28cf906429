import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { useStore } from "zustand";
import { dismissToast, type Toast, toastsStore } from "../core/toasts.ts";
import { Button, IconButton } from "./button.tsx";

const ICONS = {
  info: <Info size={14} className="text-accent" aria-hidden />,
  ok: <CircleCheck size={14} className="text-ok" aria-hidden />,
  fail: <CircleAlert size={14} className="text-fail" aria-hidden />,
} satisfies Record<Toast["tone"], unknown>;

export function Toasts() {
  const toasts = useStore(toastsStore, (state) => state.toasts);
  return (
    <section
      aria-label="Notifications"
      aria-live="polite"
      className="pointer-events-none fixed right-4 bottom-9 z-[60] flex w-80 max-w-[calc(100vw-32px)] flex-col gap-2"
    >
      {toasts.map((toast) => (
        <div
          key={toast.id}
          role={toast.tone === "fail" ? "alert" : "status"}
          className="pointer-events-auto flex items-start gap-2 rounded-lg border border-line bg-raise py-2 pr-2 pl-3 text-fg shadow-pop"
        >
          <span className="mt-1 flex-none">{ICONS[toast.tone]}</span>
          <p className="min-w-0 flex-1 self-center break-words py-0.5">{toast.text}</p>
          {toast.action ? (
            <Button
              variant="outline"
              onClick={() => {
                toast.action?.run();
                dismissToast(toast.id);
              }}
            >
              {toast.action.label}
            </Button>
          ) : null}
          <IconButton label="Dismiss" onClick={() => dismissToast(toast.id)}>
            <X size={13} aria-hidden />
          </IconButton>
        </div>
      ))}
    </section>
  );
}
