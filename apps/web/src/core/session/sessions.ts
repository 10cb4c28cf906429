import type { Runtime, SaveStatus, SessionClient } from "@opsbook/notebook/session";
import { useSyncExternalStore } from "react";
import { createStore, type StoreApi } from "zustand/vanilla";
import { ApiError, errorMessage, socketUrl } from "../api.ts";
import { openServerSession } from "../server.ts";
import type { CellRunState } from "./cell-views.ts";
import { tabClientId } from "./client-id.ts";
import { NotebookSession } from "./notebook-session.ts";
import type { NotebookState } from "./notebook-state.ts";
import { type OutlineItem, outlineOf } from "./outline.ts";
import type { ConnectionState } from "./session-socket.ts";

/** The sessions this page has open, one per notebook path, shared by everything that shows them. */

export type { CellRunState, OutlineItem };

export interface SessionStatus {
  connection: ConnectionState;
  /** Milliseconds, of the last heartbeat. */
  rttMs: number | null;
  save: SaveStatus | null;
  runtime: Runtime | null;
  running: number;
  queued: number;
  failed: number;
  stale: number;
  clients: readonly SessionClient[];
  selectedCellId: string | null;
  readOnlyReason?: string;
}

/** How far the opening of a notebook got. */
type SessionPhase =
  | { phase: "opening" }
  | { phase: "live"; session: NotebookSession }
  /** The file is no notebook: shown as it is, changed by nobody. */
  | { phase: "invalid"; message: string; line: number | null; column: number | null }
  | { phase: "failed"; message: string };

/** Where this person is in the notebook; belongs to the page, not to the session. */
export interface NotebookUi {
  selectedCellId: string | null;
  /** The other end of a selection of several cells. */
  extentCellId: string | null;
  mode: "command" | "edit";
  /** A cell to bring into view, with where its caret goes first; a new object for each wish. */
  reveal: { cellId: string; offset?: number } | null;
}

export interface SessionHandle {
  readonly path: string;
  readonly phase: StoreApi<SessionPhase>;
  readonly ui: StoreApi<NotebookUi>;
  retry(): void;
  release(): void;
}

interface OpenNotebook {
  path: string;
  references: number;
  phase: StoreApi<SessionPhase>;
  ui: StoreApi<NotebookUi>;
  status: StoreApi<SessionStatus>;
  outline: StoreApi<readonly OutlineItem[]>;
  stop: (() => void) | null;
}

/** A view that moves from one pane to another lets go and comes back within this time, in milliseconds. */
const GRACE_MS = 1000;

const registry = createStore<{ open: ReadonlyMap<string, OpenNotebook> }>(() => ({ open: new Map() }));

export function openSession(path: string): SessionHandle {
  const notebook = registry.getState().open.get(path) ?? start(path);
  notebook.references += 1;
  let released = false;
  return {
    path,
    phase: notebook.phase,
    ui: notebook.ui,
    retry: () => void connect(notebook),
    release: () => {
      if (released) return;
      released = true;
      notebook.references -= 1;
      setTimeout(() => endIfUnused(notebook), GRACE_MS);
    },
  };
}

/** Null for a notebook that is not open. */
export function useSessionStatus(path: string): SessionStatus | null {
  return useOpen(path, (notebook) => notebook.status, null);
}

export function useOutline(path: string): readonly OutlineItem[] {
  return useOpen(path, (notebook) => notebook.outline, NO_ITEMS);
}

/** Selects a cell and brings it into view. */
export function focusCell(path: string, cellId: string): void {
  registry
    .getState()
    .open.get(path)
    ?.ui.setState({ selectedCellId: cellId, extentCellId: null, mode: "command", reveal: { cellId } });
}

const NO_ITEMS: readonly OutlineItem[] = [];

function useOpen<T>(path: string, pick: (notebook: OpenNotebook) => StoreApi<T>, none: T): T {
  const current = () => registry.getState().open.get(path);
  return useSyncExternalStore(
    (listener) => {
      let inner = current();
      let stop = inner ? pick(inner).subscribe(listener) : null;
      const stopOuter = registry.subscribe(() => {
        const next = current();
        if (next === inner) return;
        inner = next;
        stop?.();
        stop = inner ? pick(inner).subscribe(listener) : null;
        listener();
      });
      return () => {
        stop?.();
        stopOuter();
      };
    },
    () => {
      const notebook = current();
      return notebook ? pick(notebook).getState() : none;
    },
  );
}

function start(path: string): OpenNotebook {
  const notebook: OpenNotebook = {
    path,
    references: 0,
    phase: createStore<SessionPhase>(() => ({ phase: "opening" })),
    ui: createStore<NotebookUi>(() => ({ selectedCellId: null, extentCellId: null, mode: "command", reveal: null })),
    status: createStore<SessionStatus>(() => ({
      connection: "connecting",
      rttMs: null,
      save: null,
      runtime: null,
      running: 0,
      queued: 0,
      failed: 0,
      stale: 0,
      clients: [],
      selectedCellId: null,
    })),
    outline: createStore<readonly OutlineItem[]>(() => NO_ITEMS),
    stop: null,
  };
  registry.setState(({ open }) => ({ open: new Map([...open, [path, notebook]]) }));
  notebook.ui.subscribe(({ selectedCellId }) => notebook.status.setState({ selectedCellId }));
  void connect(notebook);
  return notebook;
}

async function connect(notebook: OpenNotebook): Promise<void> {
  notebook.stop?.();
  notebook.stop = null;
  notebook.phase.setState({ phase: "opening" }, true);
  try {
    const { id } = await openServerSession(notebook.path);
    if (registry.getState().open.get(notebook.path) !== notebook) return;
    const session = new NotebookSession({
      sessionId: id,
      socketUrl: socketUrl(`api/opsbook/sessions/${encodeURIComponent(id)}/socket`).href,
      clientId: tabClientId(),
    });
    notebook.stop = follow(notebook, session);
    notebook.phase.setState({ phase: "live", session }, true);
  } catch (error) {
    fail(notebook, error);
  }
}

function fail(notebook: OpenNotebook, error: unknown): void {
  const message = errorMessage(error);
  if (error instanceof ApiError && error.reason === "invalid-notebook") {
    const body = error.body as { line?: unknown; column?: unknown } | null;
    const line = typeof body?.line === "number" ? body.line : null;
    const column = typeof body?.column === "number" ? body.column : null;
    notebook.phase.setState({ phase: "invalid", message, line, column }, true);
    notebook.status.setState({ connection: "closed", readOnlyReason: message });
    return;
  }
  notebook.phase.setState({ phase: "failed", message }, true);
  notebook.status.setState({ connection: "closed" });
}

/** Keeps status and outline up to date with a session; returns what ends both. */
function follow(notebook: OpenNotebook, session: NotebookSession): () => void {
  const update = (state: NotebookState) => {
    const { connection, rttMs, save, runtime, counts, clients, role } = state;
    const { selectedCellId } = notebook.ui.getState();
    const reason = role === "viewer" || role === "runner" ? { readOnlyReason: ROLE_REASONS[role] } : {};
    notebook.status.setState({ connection, rttMs, save, runtime, ...counts, clients, selectedCellId, ...reason }, true);
  };
  let outlineTimer: ReturnType<typeof setTimeout> | null = null;
  const updateOutline = () => {
    outlineTimer ??= setTimeout(() => {
      outlineTimer = null;
      const views = session.store.getState().order.map((id) => session.cells.get(id)?.getState());
      notebook.outline.setState(outlineOf(views.filter((view) => view !== undefined)), true);
    }, 100);
  };
  const wake = () => {
    if (document.visibilityState === "visible") session.wake();
    else session.texts.flushAll();
  };
  const stopStore = session.store.subscribe(update);
  const stopCells = session.cells.subscribe(updateOutline);
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", wake);
  update(session.store.getState());
  return () => {
    stopStore();
    stopCells();
    if (outlineTimer !== null) clearTimeout(outlineTimer);
    window.removeEventListener("online", wake);
    document.removeEventListener("visibilitychange", wake);
    session.dispose();
  };
}

export const ROLE_REASONS = {
  viewer: "You may look at this notebook, not run or change it.",
  runner: "You may run the cells as they stand, not change them.",
} as const;

function endIfUnused(notebook: OpenNotebook): void {
  if (notebook.references > 0 || registry.getState().open.get(notebook.path) !== notebook) return;
  registry.setState(({ open }) => {
    const next = new Map(open);
    next.delete(notebook.path);
    return { open: next };
  });
  notebook.stop?.();
}
