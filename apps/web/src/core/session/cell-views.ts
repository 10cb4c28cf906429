import {
  type Execution,
  isActive,
  isEditedSinceRun,
  isStopped,
  type Presence,
  type Prompt,
  type SessionCell,
  type SessionState,
} from "@opsbook/notebook/session";
import { createStore, type StoreApi } from "zustand/vanilla";

export type CellRunState = "idle" | "queued" | "running" | "ok" | "failed" | "stale";

export interface Peer {
  clientId: string;
  name: string;
  userId: string;
  presence: Presence;
}

/** Something a person should know about one cell, with what to do about it. */
export interface CellNotice {
  message: string;
  action?: { label: string; run(): void };
}

/** All that one cell's components show. Its parts keep their identity as long as they are the same. */
export interface CellView {
  cell: SessionCell;
  /** With what was typed here and is not confirmed yet. */
  source: string;
  execution: Execution | undefined;
  state: CellRunState;
  edited: boolean;
  /** How many runs come before this one; null when it is not queued. */
  ahead: number | null;
  /** A cell further down ran before this one. */
  outOfOrder: boolean;
  prompts: readonly Prompt[];
  peers: readonly Peer[];
  notice: CellNotice | null;
}

export interface CellSources {
  state: SessionState;
  textOf(cellId: string): string | undefined;
  peers: ReadonlyMap<string, Peer>;
  notices: ReadonlyMap<string, CellNotice>;
}

const NONE: readonly never[] = [];

/** One store a cell, so that a keystroke renders one cell. */
export class CellViews {
  #stores = new Map<string, StoreApi<CellView>>();
  #listeners = new Set<() => void>();

  /** Told after any cell changed, came or went. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get(cellId: string): StoreApi<CellView> | undefined {
    return this.#stores.get(cellId);
  }

  update(sources: CellSources): void {
    const { state } = sources;
    const executions = new Map(state.executions.map((execution) => [execution.cellId, execution]));
    const active = state.executions.filter((execution) => isActive(execution) && !isStopped(execution));
    const ahead = new Map(active.map((execution, index) => [execution.cellId, index]));
    const outOfOrder = outOfOrderCells(state);
    const seen = new Set<string>();
    let changed = false;
    for (const cell of state.notebook.cells) {
      seen.add(cell.id);
      const execution = executions.get(cell.id);
      const store = this.#stores.get(cell.id);
      const next = toView(cell, execution, {
        ...sources,
        ahead: execution?.status === "queued" ? (ahead.get(cell.id) ?? null) : null,
        outOfOrder: outOfOrder.has(cell.id),
        before: store?.getState(),
      });
      if (store && next === store.getState()) continue;
      changed = true;
      if (store) store.setState(next, true);
      else
        this.#stores.set(
          cell.id,
          createStore(() => next),
        );
    }
    for (const id of this.#stores.keys()) if (!seen.has(id)) changed = this.#stores.delete(id);
    if (changed) for (const listener of this.#listeners) listener();
  }
}

function toView(
  cell: SessionCell,
  execution: Execution | undefined,
  context: CellSources & { ahead: number | null; outOfOrder: boolean; before: CellView | undefined },
): CellView {
  const { before } = context;
  const source = context.textOf(cell.id) ?? cell.source;
  const edited = isEditedSinceRun(source === cell.source ? cell : { ...cell, source }, execution);
  const prompts = same(
    before?.prompts,
    context.state.prompts.filter(({ cellId }) => cellId === cell.id),
  );
  const here = [...context.peers.values()].filter(({ presence }) => presence.cellId === cell.id);
  const peers = same(before?.peers, here);
  const view: CellView = {
    cell,
    source,
    execution,
    state: runState(execution, edited),
    edited,
    ahead: context.ahead,
    outOfOrder: context.outOfOrder,
    prompts,
    peers,
    notice: context.notices.get(cell.id) ?? null,
  };
  return before && isSame(before, view) ? before : view;
}

/** As `isOutOfOrder` says for one cell, for all of them in one pass. */
function outOfOrderCells({ notebook }: SessionState): ReadonlySet<string> {
  const found = new Set<string>();
  let lowestBelow = Number.POSITIVE_INFINITY;
  for (const { id, execution_count: count } of notebook.cells.toReversed()) {
    if (count === null) continue;
    if (lowestBelow < count) found.add(id);
    lowestBelow = Math.min(lowestBelow, count);
  }
  return found;
}

/** What the gutter shows: a run in progress first, then an edit since, then how the last run ended. */
function runState(execution: Execution | undefined, edited: boolean): CellRunState {
  switch (execution?.status) {
    case undefined:
    case "not-run":
      return "idle";
    case "queued":
    case "running":
      return execution.status;
    case "error":
    case "interrupted":
      return edited ? "stale" : "failed";
    case "ok":
      return edited ? "stale" : "ok";
  }
}

function same<T>(before: readonly T[] | undefined, next: readonly T[]): readonly T[] {
  if (next.length === 0) return NONE;
  return before?.length === next.length && before.every((item, index) => item === next[index]) ? before : next;
}

function isSame(a: CellView, b: CellView): boolean {
  return (Object.keys(a) as (keyof CellView)[]).every((key) => a[key] === b[key]);
}
