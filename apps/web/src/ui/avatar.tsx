import { cx } from "./cx.ts";

/** Degrees on the colour wheel, far enough apart to be told from each other. */
const HUES = [258, 162, 40, 318, 210, 5, 120, 285, 75, 185];

/** The same for the same person everywhere. */
export function personHue(id: string): number {
  let hash = 0x811c9dc5;
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return HUES[(hash >>> 8) % HUES.length] ?? 0;
}

function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  const text = letters.map((word) => Array.from(word ?? "")[0] ?? "").join("");
  return (text || "?").toUpperCase();
}

export interface AvatarProps {
  id: string;
  name: string;
  /** Pixels. */
  size?: number;
  /** Marks that the person is connected. */
  present?: boolean;
  className?: string;
}

export function Avatar({ id, name, size = 22, present = false, className }: AvatarProps) {
  return (
    <span
      role="img"
      aria-label={present ? `${name}, here now` : name}
      title={name}
      className={cx(
        "relative inline-grid flex-none select-none place-items-center rounded-full font-semibold text-white",
        className,
      )}
      style={{ width: size, height: size, fontSize: size * 0.42, background: `oklch(.55 .12 ${personHue(id)})` }}
    >
      {initials(name)}
      {present ? (
        <span className="absolute -right-px -bottom-px size-[7px] rounded-full bg-ok shadow-[0_0_0_2px_var(--bg-side)]" />
      ) : null}
    </span>
  );
}
