import { useEffect, useRef, useState } from "react";
import { mayEdit, meStore } from "../../core/me.ts";
import { Button } from "../../ui/button.tsx";
import { Spinner } from "../../ui/spinner.tsx";
import type { TerminalInstance } from "./terminal-instance.ts";
import type { TerminalState } from "./terminal-socket.ts";
import {
  hideTerminal,
  killTerminal,
  newTerminal,
  setTerminalEnded,
  setTerminalTitle,
  takeFresh,
} from "./terminals-store.ts";

function endWords(state: Extract<TerminalState, { kind: "exited" }>): string {
  if (state.signal) return `Ended by ${state.signal}`;
  if (state.code === null) return "Ended";
  return state.code === 0 ? "Ended" : `Ended with code ${state.code}`;
}

function Notice({ name, state, onRetry }: { name: string; state: TerminalState; onRetry: () => void }) {
  switch (state.kind) {
    case "connecting":
      return null;
    case "online":
      return state.writable ? null : <p className="text-fg-3">You may watch this terminal, not type in it.</p>;
    case "offline":
      return (
        <>
          <Spinner size={12} label="Reconnecting" />
          <span className="flex-1 text-stale">
            Connection lost. The program goes on; keys are not sent until it is back.
          </span>
          <Button variant="outline" onClick={onRetry}>
            Try now
          </Button>
        </>
      );
    case "exited":
    case "closed":
      return (
        <>
          <span className="flex-1">{state.kind === "exited" ? endWords(state) : state.reason}</span>
          <Button variant="outline" onClick={() => void newTerminal()}>
            New terminal
          </Button>
          <Button
            variant="ghost"
            onClick={() => (state.kind === "exited" ? void killTerminal(name) : hideTerminal(name))}
          >
            Close
          </Button>
        </>
      );
    default:
      return state satisfies never;
  }
}

export interface TerminalViewProps {
  name: string;
  visible: boolean;
  /** Takes the keyboard when it becomes visible. */
  autoFocus?: boolean;
}

/** A terminal of the server. xterm comes with the first of them. */
export function TerminalView({ name, visible, autoFocus = false }: TerminalViewProps) {
  const host = useRef<HTMLDivElement>(null);
  const instance = useRef<TerminalInstance | null>(null);
  const [state, setState] = useState<TerminalState>({ kind: "connecting" });
  const [loaded, setLoaded] = useState(false);
  const focusWish = useRef(false);
  focusWish.current = visible && autoFocus;

  useEffect(() => {
    let gone = false;
    const begin = async (): Promise<void> => {
      const { createTerminalInstance } = await import("./terminal-instance.ts");
      if (gone || !host.current) return;
      instance.current = createTerminalInstance(host.current, {
        name,
        writable: mayEdit(meStore.getState().me),
        fresh: takeFresh(name),
        onState: (next) => {
          setState(next);
          if (next.kind === "exited") setTerminalEnded(name);
        },
        onTitle: (title) => setTerminalTitle(name, title),
      });
      setLoaded(true);
      if (focusWish.current) instance.current.focus();
    };
    void begin().catch(() => {
      if (!gone)
        setState({ kind: "closed", reason: "The terminal could not be loaded. Reload the page.", loginNeeded: false });
    });
    return () => {
      gone = true;
      instance.current?.dispose();
      instance.current = null;
    };
  }, [name]);

  useEffect(() => {
    if (!visible) return;
    instance.current?.fit();
    if (autoFocus) instance.current?.focus();
  }, [visible, autoFocus]);

  const quiet = state.kind === "connecting" || (state.kind === "online" && state.writable);
  return (
    <section
      aria-label={`Terminal ${name}`}
      data-terminal-state={state.kind}
      className="flex h-full min-h-0 flex-col bg-canvas"
    >
      {loaded ? null : (
        <div className="p-3 text-fg-3">
          <Spinner label="Opening the terminal" />
        </div>
      )}
      {/* xterm's fit counts its parent's whole width, padding too: the padding lies one further out. */}
      <div className="min-h-0 flex-1 py-1.5 pr-1 pl-4">
        <div ref={host} data-context="terminal" className="h-full overflow-hidden" />
      </div>
      {quiet ? null : (
        <div role="status" className="flex flex-none items-center gap-3 border-line-soft border-t px-4 py-1.5">
          <Notice name={name} state={state} onRetry={() => instance.current?.retryNow()} />
        </div>
      )}
    </section>
  );
}
