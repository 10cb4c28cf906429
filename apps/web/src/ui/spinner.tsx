import { LoaderCircle } from "lucide-react";

export function Spinner({ size = 14, label = "Loading" }: { size?: number; label?: string }) {
  return (
    <span role="status" aria-label={label} className="inline-grid place-items-center text-run">
      <LoaderCircle size={size} aria-hidden className="animate-spin" />
    </span>
  );
}
