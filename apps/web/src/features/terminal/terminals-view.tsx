import { Plus, RefreshCw, SquareTerminal, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { layoutStore } from "../../core/layout.ts";
import { mayEdit, meStore } from "../../core/me.ts";
import { displayName } from "../../core/paths.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../ui/message.tsx";
import { PanelHeader } from "../../ui/panel-header.tsx";
import {
  killTerminal,
  newTerminal,
  refreshTerminals,
  showTerminal,
  terminalLabel,
  terminalsStore,
} from "./terminals-store.ts";

/** Milliseconds between looks at which terminals there are. */
const POLL_MS = 5000;

/** All terminals of the server, also those that colleagues opened. */
export function TerminalsView() {
  const { names, error, titles, ended } = useStore(terminalsStore);
  const shown = useStore(layoutStore, (state) => state.terminals);
  const editor = useStore(meStore, (state) => mayEdit(state.me));
  const [killing, setKilling] = useState<string | null>(null);
  useEffect(() => {
    void refreshTerminals();
    const timer = setInterval(() => document.visibilityState === "visible" && void refreshTerminals(), POLL_MS);
    return () => clearInterval(timer);
  }, []);

  const body = (): React.ReactNode => {
    if (!names) {
      return error ? (
        <ErrorState title="Terminals could not be read" message={error} onRetry={() => void refreshTerminals()} />
      ) : (
        <LoadingState label="Looking for terminals" />
      );
    }
    if (names.length === 0) {
      return (
        <EmptyState icon={<SquareTerminal size={22} />} title="No terminal is open">
          <p className="text-balance">A terminal lives on the server: it goes on when you close the browser.</p>
          <Button variant="primary" disabled={!editor} onClick={() => void newTerminal()}>
            New terminal
          </Button>
        </EmptyState>
      );
    }
    return (
      <ul className="min-h-0 flex-1 overflow-y-auto">
        {names.map((name) => (
          <li key={name} className="group flex h-row items-center gap-1 pr-2 hover:bg-hover">
            <button
              type="button"
              className="flex h-full min-w-0 flex-1 items-center gap-2 pl-3 text-left"
              onClick={() => showTerminal(name)}
            >
              <SquareTerminal size={14} aria-hidden className="flex-none text-fg-4" />
              <span className="min-w-0 flex-1 truncate">{displayName(terminalLabel(name, titles))}</span>
              <span className="text-fg-3 text-xs">
                {ended.has(name) ? "ended" : shown.includes(name) ? "open" : ""}
              </span>
            </button>
            <IconButton
              label={`End terminal ${name}`}
              disabled={!editor}
              className="size-5 opacity-0 focus-visible:opacity-100 group-hover:opacity-100"
              onClick={() => setKilling(name)}
            >
              <Trash2 size={12} aria-hidden />
            </IconButton>
          </li>
        ))}
      </ul>
    );
  };

  return (
    <>
      <PanelHeader title="Terminals">
        <IconButton label="New terminal" keys="Ctrl+Shift+`" disabled={!editor} onClick={() => void newTerminal()}>
          <Plus size={14} aria-hidden />
        </IconButton>
        <IconButton label="Refresh" onClick={() => void refreshTerminals()}>
          <RefreshCw size={13} aria-hidden />
        </IconButton>
      </PanelHeader>
      {body()}
      <ConfirmDialog
        open={killing !== null}
        title="End this terminal?"
        description="Its shell and whatever runs in it are ended, for everybody who watches it."
        action="End terminal"
        danger
        onCancel={() => setKilling(null)}
        onConfirm={() => {
          if (killing !== null) void killTerminal(killing);
          setKilling(null);
        }}
      />
    </>
  );
}
