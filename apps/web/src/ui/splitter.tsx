import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { cx } from "./cx.ts";

export interface SplitterProps {
  label: string;
  /** `vertical` lies between left and right. */
  orientation: "vertical" | "horizontal";
  /** Size in pixels of the pane it belongs to, with its limits. */
  value: number;
  min: number;
  max: number;
  /** The pane lies after the splitter (to the right or below). */
  after?: boolean;
  onChange: (value: number) => void;
  className?: string;
}

const KEY_STEP = 16;

/** A sash: by pointer, and by arrow keys with focus on it. */
export function Splitter({ label, orientation, value, min, max, after = false, onChange, className }: SplitterProps) {
  const start = useRef<{ at: number; value: number } | null>(null);
  const vertical = orientation === "vertical";
  const clamp = (next: number): number => Math.round(Math.min(max, Math.max(min, next)));
  const direction = after ? -1 : 1;
  const position = (event: PointerEvent): number => (vertical ? event.clientX : event.clientY);

  const onPointerDown = (event: PointerEvent<HTMLHRElement>): void => {
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { at: position(event), value };
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (start.current) onChange(clamp(start.current.value + direction * (position(event) - start.current.at)));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const grow = vertical ? "ArrowRight" : "ArrowDown";
    const shrink = vertical ? "ArrowLeft" : "ArrowUp";
    if (event.key !== grow && event.key !== shrink) return;
    event.preventDefault();
    onChange(clamp(value + direction * (event.key === grow ? KEY_STEP : -KEY_STEP)));
  };

  return (
    <hr
      tabIndex={0}
      aria-label={label}
      aria-orientation={orientation}
      aria-valuenow={value}
      aria-valuemin={min}
      aria-valuemax={max}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => {
        start.current = null;
      }}
      onPointerCancel={() => {
        start.current = null;
      }}
      onKeyDown={onKeyDown}
      className={cx(
        "z-10 touch-none border-0 hover:bg-accent/50 focus-visible:bg-accent focus-visible:outline-none",
        vertical ? "-mx-[3px] h-full w-[6px] cursor-col-resize" : "-my-[3px] h-[6px] w-full cursor-row-resize",
        className,
      )}
    />
  );
}
