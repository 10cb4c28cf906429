import { X } from "lucide-react";
import { AlertDialog as Alert, Dialog as Radix } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { Button, IconButton } from "./button.tsx";
import { cx } from "./cx.ts";

const OVERLAY = "fixed inset-0 z-40 bg-[var(--backdrop)]";
const PANEL =
  "fixed top-[12vh] left-1/2 z-50 flex max-h-[76vh] w-[calc(100vw-32px)] -translate-x-1/2 flex-col rounded-lg border border-line bg-side text-fg-2 shadow-pop outline-none";

export interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  /** Pixels. */
  width?: number;
  children?: ReactNode;
  footer?: ReactNode;
}

/** Radix gives the focus back to a dialog's trigger; ours have none, and are opened by keys from anywhere. */
function useFocusBack() {
  const before = useRef<Element | null>(null);
  return {
    remember: () => {
      before.current = document.activeElement;
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true });
    },
  };
}

export function Dialog({ open, onOpenChange, title, description, width = 460, children, footer }: DialogProps) {
  const { remember, onCloseAutoFocus } = useFocusBack();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={OVERLAY} />
        <Radix.Content
          className={PANEL}
          // Focus on the first button would open its tooltip and read the button before the title.
          onOpenAutoFocus={(event) => {
            remember();
            event.preventDefault();
            if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
          }}
          onCloseAutoFocus={onCloseAutoFocus}
          style={{ maxWidth: width }}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <div className="flex items-center gap-2 px-4 pt-3 pb-2">
            <Radix.Title className="flex-1 font-medium text-fg text-md">{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label="Close">
                <X size={14} aria-hidden />
              </IconButton>
            </Radix.Close>
          </div>
          {description ? <Radix.Description className="px-4 pb-2 text-fg-3">{description}</Radix.Description> : null}
          {children ? <div className="min-h-0 flex-1 overflow-y-auto px-4 pb-4">{children}</div> : null}
          {footer ? <div className="flex justify-end gap-2 border-line-soft border-t px-4 py-3">{footer}</div> : null}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export interface ConfirmDialogProps {
  open: boolean;
  title: string;
  description: ReactNode;
  /** The verb on the button: "Delete", "Restart". */
  action: string;
  danger?: boolean;
  onConfirm: () => void;
  onCancel: () => void;
}

/** A question that must be answered; focus begins on Cancel. */
export function ConfirmDialog({ open, title, description, action, danger, onConfirm, onCancel }: ConfirmDialogProps) {
  const { remember, onCloseAutoFocus } = useFocusBack();
  return (
    <Alert.Root open={open} onOpenChange={(next) => !next && onCancel()}>
      <Alert.Portal>
        <Alert.Overlay className={OVERLAY} />
        <Alert.Content
          className={cx(PANEL, "max-w-[420px]")}
          onOpenAutoFocus={remember}
          onCloseAutoFocus={onCloseAutoFocus}
        >
          <Alert.Title className="px-4 pt-4 font-medium text-fg text-md">{title}</Alert.Title>
          <Alert.Description className="break-words px-4 pt-1.5 pb-4 text-fg-3">{description}</Alert.Description>
          <div className="flex justify-end gap-2 border-line-soft border-t px-4 py-3">
            <Alert.Cancel asChild>
              <Button variant="outline">Cancel</Button>
            </Alert.Cancel>
            <Alert.Action asChild>
              <Button variant={danger ? "danger" : "primary"} onClick={onConfirm}>
                {action}
              </Button>
            </Alert.Action>
          </div>
        </Alert.Content>
      </Alert.Portal>
    </Alert.Root>
  );
}
