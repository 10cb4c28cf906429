import { Check } from "lucide-react";
import { DropdownMenu as Radix, ContextMenu as RadixContext } from "radix-ui";
import { type ReactElement, type ReactNode, useRef } from "react";
import { cx } from "./cx.ts";
import { Kbd } from "./kbd.tsx";

/** One description serves drop-down and context menus alike. */
export type MenuItem =
  | {
      kind?: "item";
      id: string;
      label: ReactNode;
      icon?: ReactNode;
      keys?: string | undefined;
      danger?: boolean;
      disabled?: boolean;
      checked?: boolean;
      /** What it does moves the focus (a dialog, a field): done once the menu is gone and would have given focus back. */
      takesFocus?: boolean;
      onSelect: () => void;
    }
  | { kind: "separator"; id: string }
  | { kind: "label"; id: string; label: ReactNode };

const CONTENT =
  "z-50 min-w-48 max-w-80 rounded-lg border border-line bg-cell p-1 text-sm text-fg-2 shadow-pop outline-none max-h-[var(--radix-popper-available-height)] overflow-y-auto";
const ITEM =
  "flex h-[26px] select-none items-center gap-2 rounded-sm px-2 outline-none data-[disabled]:opacity-45 data-[highlighted]:bg-sel data-[highlighted]:text-fg";

function itemBody(item: Extract<MenuItem, { onSelect: () => void }>): ReactNode {
  return (
    <>
      <span className="grid w-4 flex-none place-items-center text-fg-3" aria-hidden>
        {item.checked ? <Check size={13} /> : item.icon}
      </span>
      <span className="flex-1 truncate">{item.label}</span>
      {item.keys ? <Kbd keys={item.keys} /> : null}
    </>
  );
}

type Parts = Pick<typeof Radix, "Item" | "CheckboxItem" | "Separator" | "Label">;

function renderItems(items: readonly MenuItem[], parts: Parts, later: (action: () => void) => void): ReactNode {
  return items.map((item) => {
    if (item.kind === "separator") return <parts.Separator key={item.id} className="my-1 h-px bg-line" />;
    if (item.kind === "label") {
      return (
        <parts.Label key={item.id} className="truncate px-2 pt-1 pb-0.5 text-fg-3 text-xs">
          {item.label}
        </parts.Label>
      );
    }
    const common = {
      className: cx(ITEM, item.danger && "text-fail data-[highlighted]:text-fail"),
      disabled: item.disabled ?? false,
      onSelect: item.takesFocus ? () => later(item.onSelect) : item.onSelect,
    };
    return item.checked === undefined ? (
      <parts.Item key={item.id} {...common}>
        {itemBody(item)}
      </parts.Item>
    ) : (
      <parts.CheckboxItem key={item.id} checked={item.checked} {...common}>
        {itemBody(item)}
      </parts.CheckboxItem>
    );
  });
}

/** Keeps an item's action until the menu has closed. */
function useAfterClose() {
  const action = useRef<(() => void) | null>(null);
  return {
    later: (next: () => void) => {
      action.current = next;
    },
    onCloseAutoFocus: (event: Event) => {
      if (!action.current) return;
      event.preventDefault();
      action.current();
      action.current = null;
    },
  };
}

export interface MenuProps {
  label: string;
  items: readonly MenuItem[];
  align?: "start" | "end";
  /** The button that opens it. */
  children: ReactElement;
}

export function Menu({ label, items, align = "start", children }: MenuProps) {
  const { later, onCloseAutoFocus } = useAfterClose();
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className={CONTENT}
          onCloseAutoFocus={onCloseAutoFocus}
        >
          {renderItems(items, Radix, later)}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function ContextMenu({ label, items, children }: Omit<MenuProps, "align">) {
  const { later, onCloseAutoFocus } = useAfterClose();
  return (
    <RadixContext.Root>
      <RadixContext.Trigger asChild>{children}</RadixContext.Trigger>
      <RadixContext.Portal>
        <RadixContext.Content
          aria-label={label}
          collisionPadding={8}
          className={CONTENT}
          onCloseAutoFocus={onCloseAutoFocus}
        >
          {renderItems(items, RadixContext, later)}
        </RadixContext.Content>
      </RadixContext.Portal>
    </RadixContext.Root>
  );
}
