import type { ComponentProps, ReactNode } from "react";
import { cx } from "./cx.ts";
import { Tooltip } from "./tooltip.tsx";

type Variant = "primary" | "outline" | "ghost" | "danger";

const VARIANTS: Record<Variant, string> = {
  primary: "bg-accent-solid text-on-accent hover:brightness-110",
  outline: "border border-line text-fg-2 hover:bg-hover hover:text-fg",
  ghost: "text-fg-2 hover:bg-hover hover:text-fg",
  danger:
    "bg-[color-mix(in_oklch,var(--fail)_16%,transparent)] text-fail hover:bg-[color-mix(in_oklch,var(--fail)_26%,transparent)]",
};

export interface ButtonProps extends ComponentProps<"button"> {
  variant?: Variant;
}

export function Button({ variant = "ghost", className, type = "button", ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={cx(
        "inline-flex h-6 flex-none select-none items-center justify-center gap-1.5 whitespace-nowrap rounded-sm px-2 font-medium text-sm",
        "disabled:cursor-not-allowed disabled:opacity-45 focus-visible:outline-offset-1",
        VARIANTS[variant],
        className,
      )}
      {...rest}
    />
  );
}

export interface IconButtonProps extends Omit<ComponentProps<"button">, "aria-label"> {
  /** Read out, and shown as tooltip. */
  label: string;
  keys?: string | undefined;
  side?: "top" | "right" | "bottom" | "left";
  children: ReactNode;
}

export function IconButton({ label, keys, side, className, type = "button", children, ...rest }: IconButtonProps) {
  return (
    <Tooltip label={label} keys={keys} {...(side ? { side } : {})}>
      <button
        type={type}
        aria-label={label}
        className={cx(
          "inline-grid size-6 flex-none place-items-center rounded-sm text-fg-3 hover:bg-hover hover:text-fg",
          "disabled:cursor-not-allowed disabled:opacity-45",
          className,
        )}
        {...rest}
      >
        {children}
      </button>
    </Tooltip>
  );
}
