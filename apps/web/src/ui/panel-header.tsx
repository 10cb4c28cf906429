import type { ReactNode } from "react";

export function PanelHeader({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <header className="flex h-bar flex-none items-center justify-between pr-2 pl-3">
      <h2 className="font-medium text-fg">{title}</h2>
      <div className="flex items-center gap-0.5">{children}</div>
    </header>
  );
}
