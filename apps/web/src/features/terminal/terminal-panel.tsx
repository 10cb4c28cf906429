import { ArrowUpToLine, Maximize2, Minimize2, Plus, SquareTerminal, X } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useStore } from "zustand";
import { layoutStore, updateLayout } from "../../core/layout.ts";
import { displayName } from "../../core/paths.ts";
import { openTab } from "../../core/workspace.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { cx } from "../../ui/cx.ts";
import { ErrorBoundary } from "../../ui/error-boundary.tsx";
import { EmptyState } from "../../ui/message.tsx";
import { TerminalView } from "./terminal-view.tsx";
import { hideTerminal, newTerminal, refreshTerminals, terminalLabel, terminalsStore } from "./terminals-store.ts";

function useKnownTerminals(): void {
  const names = useStore(terminalsStore, (state) => state.names);
  useEffect(() => {
    void refreshTerminals();
  }, []);
  useEffect(() => {
    if (!names) return;
    // Terminals of an earlier visit that the server no longer has.
    for (const name of layoutStore.getState().terminals) if (!names.includes(name)) hideTerminal(name);
  }, [names]);
}

function PanelTab({ name, active }: { name: string; active: boolean }) {
  const label = useStore(terminalsStore, (state) => displayName(terminalLabel(name, state.titles)));
  const ended = useStore(terminalsStore, (state) => state.ended.has(name));
  return (
    <div
      className={cx(
        "group flex items-stretch",
        active ? "text-fg shadow-[inset_0_-1.5px_var(--accent)]" : "text-fg-3 hover:text-fg-2",
      )}
    >
      <button
        type="button"
        role="tab"
        id={`terminal-tab-${name}`}
        aria-selected={active}
        aria-controls={`terminal-panel-${name}`}
        tabIndex={active ? 0 : -1}
        className="flex max-w-52 items-center gap-1.5 pl-3"
        title={label}
        onClick={() => updateLayout({ activeTerminal: name })}
        onAuxClick={(event) => event.button === 1 && hideTerminal(name)}
      >
        <SquareTerminal size={14} aria-hidden className={cx("flex-none", active && "text-accent")} />
        <span className="truncate">{label}</span>
        {ended ? <span className="text-fg-3 text-xs">ended</span> : null}
      </button>
      <IconButton
        label={`Close the tab of ${label}`}
        tabIndex={-1}
        className={cx("my-auto mr-1 size-5", !active && "opacity-0 focus-visible:opacity-100 group-hover:opacity-100")}
        onClick={() => hideTerminal(name)}
      >
        <X size={12} aria-hidden />
      </IconButton>
    </div>
  );
}

/** The panel below the notebook: one tab a terminal. */
export function TerminalPanel() {
  useKnownTerminals();
  const terminals = useStore(layoutStore, (state) => state.terminals);
  const open = useStore(layoutStore, (state) => state.panelOpen);
  const maximized = useStore(layoutStore, (state) => state.panelMaximized);
  const wished = useStore(layoutStore, (state) => state.activeTerminal);
  const active = wished !== null && terminals.includes(wished) ? wished : (terminals[0] ?? null);
  const list = useRef<HTMLDivElement>(null);
  // A panel that was open before a reload must not take the keyboard from the notebook.
  const first = useRef(true);
  useEffect(() => {
    first.current = false;
  }, []);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const step = event.key === "ArrowRight" ? 1 : -1;
    const index = terminals.indexOf(active ?? "");
    const next = terminals[(index + step + terminals.length) % terminals.length];
    if (!next) return;
    event.preventDefault();
    updateLayout({ activeTerminal: next });
    list.current?.querySelector<HTMLElement>(`#${CSS.escape(`terminal-tab-${next}`)}`)?.focus();
  };

  return (
    <section aria-label="Terminals" className="flex h-full min-h-0 flex-col bg-canvas">
      <div className="flex h-8 flex-none items-stretch border-line-soft border-b pr-2">
        <div
          ref={list}
          role="tablist"
          aria-label="Terminals"
          className="flex min-w-0 flex-1 items-stretch overflow-x-auto [scrollbar-width:none]"
          onKeyDown={onKeyDown}
        >
          {terminals.map((name) => (
            <PanelTab key={name} name={name} active={name === active} />
          ))}
        </div>
        <div className="flex flex-none items-center gap-1">
          <IconButton label="New terminal" keys="Ctrl+Shift+`" onClick={() => void newTerminal()}>
            <Plus size={14} aria-hidden />
          </IconButton>
          {active ? (
            <IconButton
              label="Move to a tab above"
              onClick={() => {
                openTab({ kind: "terminal", name: active });
                hideTerminal(active);
              }}
            >
              <ArrowUpToLine size={14} aria-hidden />
            </IconButton>
          ) : null}
          <IconButton
            label={maximized ? "Restore the panel" : "Maximise the panel"}
            onClick={() => updateLayout({ panelMaximized: !maximized })}
          >
            {maximized ? <Minimize2 size={13} aria-hidden /> : <Maximize2 size={13} aria-hidden />}
          </IconButton>
          <IconButton
            label="Close the panel"
            keys="Ctrl+`"
            onClick={() => updateLayout({ panelOpen: false, panelMaximized: false })}
          >
            <X size={14} aria-hidden />
          </IconButton>
        </div>
      </div>
      <div className="relative min-h-0 flex-1">
        {terminals.map((name) => (
          <div
            key={name}
            role="tabpanel"
            id={`terminal-panel-${name}`}
            aria-labelledby={`terminal-tab-${name}`}
            hidden={name !== active}
            className="absolute inset-0"
          >
            <ErrorBoundary what="The terminal">
              <TerminalView name={name} visible={open && name === active} autoFocus={!first.current} />
            </ErrorBoundary>
          </div>
        ))}
        {terminals.length === 0 ? (
          <EmptyState title="No terminal here">
            <Button variant="outline" onClick={() => void newTerminal()}>
              New terminal
            </Button>
          </EmptyState>
        ) : null}
      </div>
    </section>
  );
}
