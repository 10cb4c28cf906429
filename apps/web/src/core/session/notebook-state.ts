import type { Author, Role, RunCounts, Runtime, SaveStatus, SessionClient } from "@opsbook/notebook/session";
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
  clients: readonly SessionClient[];
  peers: ReadonlyMap<string, Peer>;
  canUndo: boolean;
  canRedo: boolean;
  /** What went wrong with something this person asked for; newest last. */
  notices: readonly Notice[];
}

interface Notice {
  id: string;
  message: string;
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
    clients: [],
    peers: new Map(),
    canUndo: false,
    canRedo: false,
    notices: [],
  };
}
