import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";

export interface TabsProps {
  label: string;
  value: string;
  onValueChange: (value: string) => void;
  tabs: readonly { value: string; label: ReactNode }[];
  /** `TabPanel`s. */
  children: ReactNode;
  className?: string;
}

export function Tabs({ label, value, onValueChange, tabs, children, className }: TabsProps) {
  return (
    <Radix.Root value={value} onValueChange={onValueChange} className={className}>
      <Radix.List
        aria-label={label}
        className="flex h-bar flex-none items-stretch gap-4 border-line-soft border-b px-3.5"
      >
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            value={tab.value}
            className="flex items-center text-fg-3 hover:text-fg-2 data-[state=active]:font-medium data-[state=active]:text-fg data-[state=active]:shadow-[inset_0_-1.5px_var(--accent)]"
          >
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {children}
    </Radix.Root>
  );
}

export function TabPanel({ value, children }: { value: string; children: ReactNode }) {
  return (
    <Radix.Content value={value} className="min-h-0 flex-1 overflow-y-auto outline-none">
      {children}
    </Radix.Content>
  );
}
