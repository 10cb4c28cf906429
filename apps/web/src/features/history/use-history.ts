import { useEffect, useState, useSyncExternalStore } from "react";
import { useStore } from "zustand";
import { errorMessage } from "../../core/api.ts";
import { followTimeline, type Timeline } from "../../core/history/timeline.ts";
import { type Checkpoint, listCheckpoints } from "../../core/history/versions.ts";
import type { NotebookSession } from "../../core/session/notebook-session.ts";
import { openSession, type SessionHandle } from "../../core/session/sessions.ts";

/** The session of a notebook, kept open as long as this is shown; null until it is there. */
export function useSession(path: string): NotebookSession | null {
  const [handle, setHandle] = useState<SessionHandle | null>(null);
  useEffect(() => {
    const opened = openSession(path);
    setHandle(opened);
    return () => opened.release();
  }, [path]);
  const phase = useSyncExternalStore(
    (listener) => handle?.phase.subscribe(listener) ?? (() => {}),
    () => handle?.phase.getState(),
  );
  return phase?.phase === "live" ? phase.session : null;
}

export function useTimeline(session: NotebookSession | null): Timeline {
  const [state, setState] = useState<Timeline>({ events: null, error: null });
  useEffect(() => {
    if (!session) return undefined;
    const { store, stop } = followTimeline(session);
    setState(store.getState());
    const unsubscribe = store.subscribe(setState);
    return () => {
      unsubscribe();
      stop();
    };
  }, [session]);
  return state;
}

/** Newest first; asked for again whenever somebody made, named or deleted one. */
export function useCheckpoints(path: string, session: NotebookSession | null) {
  const [state, setState] = useState<{ checkpoints: readonly Checkpoint[] | null; error: string | null }>({
    checkpoints: null,
    error: null,
  });
  useEffect(() => {
    let gone = false;
    const load = () => {
      listCheckpoints(path).then(
        (checkpoints) => !gone && setState({ checkpoints, error: null }),
        (error: unknown) => !gone && setState(({ checkpoints }) => ({ checkpoints, error: errorMessage(error) })),
      );
    };
    load();
    const stop = session?.onEntry(({ entry }) => {
      if (entry.op.type.startsWith("checkpoint-")) load();
    });
    return () => {
      gone = true;
      stop?.();
    };
  }, [path, session]);
  return state;
}

/** True while this person may change the notebook. */
export function useMayEdit(session: NotebookSession): boolean {
  const role = useStore(session.store, (state) => state.role);
  return role !== null && session.allowed("insert-cell");
}
