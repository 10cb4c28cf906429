import { createStore } from "zustand/vanilla";
import { errorMessage } from "../../core/api.ts";
import { layoutStore, updateLayout } from "../../core/layout.ts";
import { createTerminal, deleteTerminal, listTerminals } from "../../core/server.ts";
import { showToast } from "../../core/toasts.ts";
import { currentDock, tabId } from "../../core/workspace.ts";

interface TerminalsState {
  /** Names of all terminals on the server; null until it answered. */
  names: readonly string[] | null;
  error: string | null;
  creating: boolean;
  /** What the program in it calls itself. */
  titles: ReadonlyMap<string, string>;
  /** Terminals whose program has ended. */
  ended: ReadonlySet<string>;
}

export const terminalsStore = createStore<TerminalsState>(() => ({
  names: null,
  error: null,
  creating: false,
  titles: new Map(),
  ended: new Set(),
}));

export async function refreshTerminals(): Promise<void> {
  try {
    const names = (await listTerminals()).map(({ name }) => name);
    terminalsStore.setState({ names, error: null });
  } catch (error) {
    terminalsStore.setState({ error: errorMessage(error) });
  }
}

/** Gives an existing terminal a tab in the bottom panel and shows it. */
export function showTerminal(name: string): void {
  const { terminals } = layoutStore.getState();
  updateLayout({
    terminals: terminals.includes(name) ? terminals : [...terminals, name],
    activeTerminal: name,
    panelOpen: true,
  });
}

/** Takes its tab away; the program goes on. */
export function hideTerminal(name: string): void {
  const { terminals, activeTerminal } = layoutStore.getState();
  const index = terminals.indexOf(name);
  const left = terminals.filter((other) => other !== name);
  updateLayout({
    terminals: left,
    activeTerminal: activeTerminal === name ? (left[Math.min(index, left.length - 1)] ?? null) : activeTerminal,
    ...(left.length === 0 ? { panelOpen: false, panelMaximized: false } : {}),
  });
}

const fresh = new Set<string>();

/** True once for each terminal that this page made. */
export function takeFresh(name: string): boolean {
  return fresh.delete(name);
}

const FIRST_SIZE = { cols: 120, rows: 24 };

export async function newTerminal(options: { show?: boolean; cwd?: string } = {}): Promise<string | null> {
  if (terminalsStore.getState().creating) return null;
  terminalsStore.setState({ creating: true });
  try {
    const { name } = await createTerminal({ ...FIRST_SIZE, ...(options.cwd ? { cwd: options.cwd } : {}) });
    fresh.add(name);
    terminalsStore.setState(({ names, ended }) => ({
      names: [...(names ?? []).filter((other) => other !== name), name],
      ended: new Set([...ended].filter((other) => other !== name)),
    }));
    if (options.show ?? true) showTerminal(name);
    return name;
  } catch (error) {
    showToast({ tone: "fail", text: `No terminal could be opened: ${errorMessage(error)}` });
    return null;
  } finally {
    terminalsStore.setState({ creating: false });
  }
}

/** Ends the program and takes every tab of it away. */
export async function killTerminal(name: string): Promise<void> {
  try {
    await deleteTerminal(name);
  } catch (error) {
    showToast({ tone: "fail", text: `The terminal could not be ended: ${errorMessage(error)}` });
    return;
  }
  hideTerminal(name);
  currentDock()?.close(tabId({ kind: "terminal", name }));
  terminalsStore.setState(({ names, titles }) => ({
    names: (names ?? []).filter((other) => other !== name),
    titles: new Map([...titles].filter(([other]) => other !== name)),
  }));
}

/** Long enough to know a program by, short enough for a tab. */
const TITLE_LIMIT = 60;

export function setTerminalTitle(name: string, title: string): void {
  terminalsStore.setState(({ titles }) => ({ titles: new Map(titles).set(name, title.slice(0, TITLE_LIMIT)) }));
}

export function setTerminalEnded(name: string): void {
  terminalsStore.setState(({ ended }) => ({ ended: new Set(ended).add(name) }));
}

export function terminalLabel(name: string, titles: ReadonlyMap<string, string>): string {
  return titles.get(name) || `Terminal ${name}`;
}
