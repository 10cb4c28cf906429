import type { ComponentProps } from "react";
import { cx } from "./cx.ts";

export function TextField({ className, ...rest }: ComponentProps<"input">) {
  return (
    <input
      spellCheck={false}
      autoComplete="off"
      className={cx(
        "h-7 w-full min-w-0 rounded-sm border border-line bg-canvas px-2 text-fg text-sm",
        "focus-visible:border-accent focus-visible:outline-offset-0",
        className,
      )}
      {...rest}
    />
  );
}
