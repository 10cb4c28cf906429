import {
  type Author,
  type Conflict,
  isStopped,
  type Role,
  type RunCounts,
  type Runtime,
  runCounts,
  type SaveStatus,
  type SessionClient,
  type SessionState,
} from "@opsbook/notebook/session";
import type { Peer } from "./cell-views.ts";
import type { ConnectionState } from "./session-socket.ts";

/** The notebook as a whole; what belongs to one cell is in its own store. */
export interface NotebookState {
  connection: ConnectionState;
  /** Why the connection ended for good, or is away. */
  connectionMessage: string | null;
  rttMs: number | null;
  save: SaveStatus | null;
  me: Author | null;
  role: Role | null;
  /** False until the first state came. */
  loaded: boolean;
  order: readonly string[];
  runtime: Runtime | null;
  counts: RunCounts;
  /** The run that stopped last at a breakpoint. */
  stoppedRun: string | null;
  clients: readonly SessionClient[];
  /** Two versions somebody has to choose from. */
  conflict: Conflict | null;
  peers: ReadonlyMap<string, Peer>;
  canUndo: boolean;
  canRedo: boolean;
  /** What went wrong with something this person asked for; newest last. */
  notices: readonly Notice[];
}

interface Notice {
  id: string;
  message: string;
  action?: NoticeAction;
}

/** What a person can do about it. */
export interface NoticeAction {
  label: string;
  run(): void;
}

export function initialState(): NotebookState {
  return {
    connection: "connecting",
    connectionMessage: null,
    rttMs: null,
    save: null,
    me: null,
    role: null,
    loaded: false,
    order: [],
    runtime: null,
    counts: { running: 0, queued: 0, failed: 0, stale: 0 },
    stoppedRun: null,
    clients: [],
    conflict: null,
    peers: new Map(),
    canUndo: false,
    canRedo: false,
    notices: [],
  };
}

/** What follows from the session's state; parts that are equal keep their identity. */
export function shownOf(state: SessionState, before: NotebookState): Partial<NotebookState> {
  const order = state.notebook.cells.map(({ id }) => id);
  const counts = runCounts(state);
  const sameOrder = order.length === before.order.length && order.every((id, index) => id === before.order[index]);
  const sameCounts = (Object.keys(counts) as (keyof RunCounts)[]).every((key) => counts[key] === before.counts[key]);
  return {
    order: sameOrder ? before.order : order,
    counts: sameCounts ? before.counts : counts,
    stoppedRun: state.executions.findLast(isStopped)?.id ?? null,
    runtime: state.runtime,
    clients: state.clients,
    conflict: state.conflict ?? null,
  };
}
