import type { Runtime, SaveStatus, SessionClient } from "@opsbook/notebook/session";

export type ConnectionState = "connecting" | "online" | "offline" | "closed";
export type CellRunState = "idle" | "queued" | "running" | "ok" | "failed" | "stale";

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

export interface OutlineItem {
  cellId: string;
  kind: "heading" | "cell";
  /** 1–6 for headings, 0 for code cells. */
  level: number;
  title: string;
  executionCount: number | null;
  state: CellRunState;
}

export interface SessionHandle {
  readonly path: string;
  release(): void;
}

export function openSession(path: string): SessionHandle {
  return { path, release: () => undefined };
}

export function useSessionStatus(_path: string): SessionStatus | null {
  return null;
}

export function useOutline(_path: string): readonly OutlineItem[] {
  return [];
}

export function focusCell(_path: string, _cellId: string): void {}
