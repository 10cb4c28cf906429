import "../cell/cell.css";
import "../cell/markdown.css";
import "../output/ansi.css";
import "../output/output.css";
import "./notebook.css";
import { useEffect, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import { errorMessage } from "../../core/api.ts";
import { createCheckpoint } from "../../core/history/versions.ts";
import { loadMonacoAfterPaint } from "../../core/monaco.ts";
import type { NotebookSession } from "../../core/session/notebook-session.ts";
import { openSession, type SessionHandle } from "../../core/session/sessions.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { ErrorState, LoadingState } from "../../ui/message.tsx";
import { ConflictProblem } from "../conflict/conflict-problem.tsx";
import { KernelProblem } from "../kernel/kernel-badge.tsx";
import { createCellLanguage } from "../language/cell-language.ts";
import { InvalidNotebook } from "./invalid-notebook.tsx";
import { NotebookActions } from "./notebook-actions.ts";
import { type ActiveNotebook, activateNotebook, touchNotebook } from "./notebook-commands.ts";
import { NotebookContext, type NotebookScope, useNotebook, useScope } from "./notebook-context.ts";
import { NotebookList } from "./notebook-list.tsx";
import { NotebookToolbar } from "./notebook-toolbar.tsx";
import { RunAnnouncer } from "./run-announcer.tsx";

export interface NotebookViewProps {
  path: string;
  /** False in a tab that is not in front: it keeps its state and leaves the keys to others. */
  visible: boolean;
}

export function NotebookView({ path, visible }: NotebookViewProps) {
  const [handle, setHandle] = useState<SessionHandle | null>(null);
  useEffect(() => {
    const opened = openSession(path);
    setHandle(opened);
    return () => opened.release();
  }, [path]);
  return handle === null ? null : <OpenNotebook handle={handle} visible={visible} />;
}

function OpenNotebook({ handle, visible }: { handle: SessionHandle; visible: boolean }) {
  const phase = useStore(handle.phase);
  switch (phase.phase) {
    case "opening":
      return <LoadingState label={`Opening ${handle.path}`} />;
    case "failed":
      return (
        <ErrorState title="The notebook cannot be opened" message={phase.message} onRetry={() => handle.retry()} />
      );
    case "invalid":
      return <InvalidNotebook path={handle.path} {...phase} />;
    case "live":
      return <LiveNotebook handle={handle} session={phase.session} visible={visible} />;
  }
}

interface LiveNotebookProps {
  handle: SessionHandle;
  session: NotebookSession;
  visible: boolean;
}

function LiveNotebook({ handle, session, visible }: LiveNotebookProps) {
  const [restart, setRestart] = useState<"no" | "restart" | "run-all">("no");
  const scope = useMemo<NotebookScope>(
    () => ({
      path: handle.path,
      session,
      ui: handle.ui,
      actions: new NotebookActions(session, handle.ui),
      language: createCellLanguage(),
    }),
    [handle, session],
  );
  const active = useMemo<ActiveNotebook>(
    () => ({ ...scope, confirmRestart: (thenRunAll) => setRestart(thenRunAll ? "run-all" : "restart") }),
    [scope],
  );
  const loaded = useStore(session.store, (state) => state.loaded);
  useEffect(() => (visible ? activateNotebook(active) : undefined), [active, visible]);
  useEffect(() => (loaded ? helpAfterPaint(scope) : undefined), [loaded, scope]);
  usePresence(scope, visible);

  return (
    <NotebookContext value={scope}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: only notes which notebook is in use */}
      <div
        className="nb"
        data-context="notebook"
        data-notebook={handle.path}
        onFocus={() => touchNotebook(active)}
        onPointerDown={() => touchNotebook(active)}
      >
        <NotebookToolbar onRestart={(thenRunAll) => setRestart(thenRunAll ? "run-all" : "restart")} />
        <Problems />
        {loaded ? <NotebookList /> : <LoadingState label="Fetching the notebook" />}
        <RunAnnouncer />
        <ConfirmDialog
          open={restart !== "no"}
          title={restart === "run-all" ? "Restart the kernel and run all cells?" : "Restart the kernel?"}
          description="Variables, connections and running cells of this notebook end. What the cells already changed on servers stays as it is."
          action="Restart"
          danger
          onCancel={() => setRestart("no")}
          onConfirm={() => {
            setRestart("no");
            void restartKernel(scope, restart === "run-all");
          }}
        />
      </div>
    </NotebookContext>
  );
}

/** Running all anew replaces every output, so what is there becomes a checkpoint first. */
async function restartKernel({ path, session, actions }: NotebookScope, thenRunAll: boolean): Promise<void> {
  if (thenRunAll)
    await createCheckpoint(path, { reason: "restart" }).catch((error: unknown) =>
      session.notify(`No checkpoint could be made before the restart. ${errorMessage(error)}`),
    );
  actions.restart();
  if (thenRunAll) await actions.runAll();
}

/** The editor, then help with what is typed in it: both come when the notebook is on screen. */
function helpAfterPaint(scope: NotebookScope): () => void {
  let close: (() => void) | null = null;
  let unwanted = false;
  const begin = async () => {
    const monaco = await loadMonacoAfterPaint();
    const { openLanguage } = await import("../language/open-language.ts");
    if (unwanted) return;
    const opened = openLanguage(monaco, scope);
    close = opened.close;
    scope.language.setState({ current: opened.language });
  };
  begin().catch(() => undefined);
  return () => {
    unwanted = true;
    close?.();
    scope.language.setState({ current: null });
  };
}

/** What stands in the way of working, above the cells: connection, kernel, refused requests. */
function Problems() {
  const { session } = useScope();
  const connection = useNotebook((state) => state.connection);
  const message = useNotebook((state) => state.connectionMessage);
  const notices = useNotebook((state) => state.notices);
  const save = useNotebook((state) => state.save);
  const late = useLate(connection === "offline" || connection === "connecting");
  return (
    <>
      {connection === "closed" ? (
        <div className="nb-problem" role="alert">
          <div>
            <b>This notebook is not connected any more.</b> {message}
          </div>
          <Button variant="outline" onClick={() => session.reconnect()}>
            Connect again
          </Button>
        </div>
      ) : null}
      {late ? (
        <div className="nb-problem nb-problem-mild" role="status">
          <div>
            <b>Reconnecting…</b> {message ?? "You can go on writing; it is sent when the connection is back."} Running
            cells go on.
          </div>
        </div>
      ) : null}
      {save?.state === "failed" ? (
        <div className="nb-problem" role="alert">
          <div>
            <b>Not saved.</b> {save.message}
          </div>
        </div>
      ) : null}
      <KernelProblem />
      <ConflictProblem />
      {notices.map(({ id, message: words, action }) => (
        <div key={id} className="nb-problem nb-problem-mild" role="alert">
          <div>{words}</div>
          {action ? (
            <Button
              variant="outline"
              onClick={() => {
                action.run();
                session.dismiss(id);
              }}
            >
              {action.label}
            </Button>
          ) : null}
          <Button onClick={() => session.dismiss(id)}>Dismiss</Button>
        </div>
      ))}
    </>
  );
}

/** True once something has lasted long enough to be worth a word. */
function useLate(holds: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!holds) {
      setLate(false);
      return undefined;
    }
    const timer = setTimeout(() => setLate(true), 1200);
    return () => clearTimeout(timer);
  }, [holds]);
  return late;
}

/** Tells the others which cell this person is at; the editor adds the caret. */
function usePresence({ session, ui }: NotebookScope, visible: boolean): void {
  const shown = useRef(visible);
  useEffect(() => {
    shown.current = visible;
    const publish = () => {
      const { selectedCellId, mode } = ui.getState();
      const away = document.visibilityState === "hidden" || !shown.current;
      if (away) session.setPresence({ cellId: null, selection: null, mode: "away" });
      else if (mode === "command") session.setPresence({ cellId: selectedCellId, selection: null, mode });
    };
    publish();
    document.addEventListener("visibilitychange", publish);
    const stop = ui.subscribe(publish);
    return () => {
      document.removeEventListener("visibilitychange", publish);
      stop();
    };
  }, [session, ui, visible]);
}
