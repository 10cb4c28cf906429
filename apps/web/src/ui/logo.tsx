import { useId } from "react";

/** The mark: a prompt on a page. The same drawing as `icon.svg`. */
export function Logo({ size = 18 }: { size?: number }) {
  const id = useId();
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      role="img"
      aria-label="Opsbook"
      className="flex-none"
    >
      <defs>
        <linearGradient id={id} x1="4" y1="2" x2="28" y2="30" gradientUnits="userSpaceOnUse">
          <stop stopColor="#6ea5f7" />
          <stop offset="1" stopColor="#24b3b5" />
        </linearGradient>
      </defs>
      <rect x="2" y="2" width="28" height="28" rx="8" fill={`url(#${id})`} />
      <path d="m9.5 10 5.5 6-5.5 6" stroke="#0b1220" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" />
      <path d="M17.5 22h6" stroke="#0b1220" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}
