import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { Spinner } from "./spinner.tsx";

/** What a panel shows instead of content: nothing there, not there yet, or why it cannot be. */
export function EmptyState({ icon, title, children }: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-8 text-center text-fg-3">
      {icon ? <span aria-hidden>{icon}</span> : null}
      <p className="font-medium text-fg-2">{title}</p>
      {children}
    </div>
  );
}

export function LoadingState({ label }: { label: string }) {
  return (
    <div className="flex items-center justify-center gap-2 px-4 py-6 text-fg-3">
      <Spinner label={label} />
      <span aria-hidden>{label}</span>
    </div>
  );
}

export function ErrorState({ title, message, onRetry }: { title: string; message: string; onRetry?: () => void }) {
  return (
    <div
      role="alert"
      className="m-3 flex flex-col items-start gap-2 rounded-md bg-[color-mix(in_oklch,var(--fail)_var(--tint),transparent)] p-3"
    >
      <p className="flex items-center gap-2 font-medium text-fail">
        <CircleAlert size={14} aria-hidden />
        {title}
      </p>
      <p className="max-h-40 w-full overflow-auto break-words text-fg-2">{message}</p>
      {onRetry ? (
        <Button variant="outline" onClick={onRetry}>
          Try again
        </Button>
      ) : null}
    </div>
  );
}
