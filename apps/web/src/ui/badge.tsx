import type { ReactNode } from "react";
import { cx } from "./cx.ts";

export type Tone = "neutral" | "ok" | "run" | "queue" | "fail" | "stale" | "accent";

const TEXT: Record<Tone, string> = {
  neutral: "text-fg-3",
  ok: "text-ok",
  run: "text-run",
  queue: "text-queue",
  fail: "text-fail",
  stale: "text-stale",
  accent: "text-accent",
};

/** A word with a faint ground of its own colour. */
export function Badge({
  tone = "neutral",
  children,
  className,
}: {
  tone?: Tone;
  children: ReactNode;
  className?: string;
}) {
  return (
    <span
      className={cx(
        "inline-flex h-5 flex-none items-center gap-1 whitespace-nowrap rounded-full px-2 font-medium text-xs",
        "bg-[color-mix(in_oklch,currentColor_13%,transparent)]",
        TEXT[tone],
        className,
      )}
    >
      {children}
    </span>
  );
}

export type DotState = "idle" | "ok" | "running" | "queued" | "failed" | "stale";

const DOTS: Record<DotState, string> = {
  idle: "bg-idle",
  ok: "bg-ok",
  running: "bg-run shadow-[0_0_0_3px_color-mix(in_oklch,var(--run)_22%,transparent)]",
  queued: "shadow-[inset_0_0_0_1.75px_var(--queue)]",
  failed: "bg-fail",
  stale: "shadow-[inset_0_0_0_1.75px_var(--stale)]",
};

/** A state as shape and colour. Rings wait, discs happened, the halo is happening; the word stands beside it. */
export function StateDot({ state, label }: { state: DotState; label?: string }) {
  return (
    <span
      className={cx("inline-block size-[7px] flex-none rounded-full", DOTS[state])}
      {...(label ? { role: "img", "aria-label": label, title: label } : { "aria-hidden": true })}
    />
  );
}
