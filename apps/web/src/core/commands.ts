import type { LucideIcon } from "lucide-react";
import { createStore } from "zustand/vanilla";
import { isPlainStroke, type KeyInput, normalizeKeys, strokeOf } from "./keys.ts";

/**
 * One list of commands feeds keyboard, menus, palette and the shortcut sheet. A feature registers its commands when
 * it mounts; where the keyboard focus is decides which of them a key means: the nearest ancestor with a
 * `data-context` attribute gives the first context, its ancestors the next, `global` is the last.
 */
export type KeyContext = "global" | "notebook" | "cell-editor" | "files" | "terminal" | "log" | "versions";

export type CommandGroup = "Notebook" | "Cell" | "Edit" | "Kernel" | "Files" | "Terminal" | "Log" | "View" | "Help";

export interface Command {
  /** `group.verb-noun`, such as `cell.run`. */
  id: string;
  title: string;
  group: CommandGroup;
  /** Alternatives, each a stroke or a sequence: `["Mod+K", "Mod+Shift+P"]`, `["D D"]`. See keys.ts. */
  keys?: readonly string[];
  /** Where its keys work; `global` when left out. */
  context?: KeyContext;
  /** Whether it makes sense right now. Hidden in the palette and deaf to its keys otherwise. */
  when?: () => boolean;
  run: () => void | Promise<void>;
  icon?: LucideIcon;
  /** Kept out of the palette (movement keys and the like), yet shown in the shortcut sheet. */
  hidden?: boolean;
}

interface CommandsState {
  commands: ReadonlyMap<string, Command>;
}

export const commandsStore = createStore<CommandsState>(() => ({ commands: new Map() }));

let reportFailure: (command: Command, error: unknown) => void = (_command, error) => {
  throw error;
};

/** Where failed commands are told; the app shows a toast. */
export function onCommandFailure(report: (command: Command, error: unknown) => void): void {
  reportFailure = report;
}

/** Adds commands; the returned function takes exactly these away again. A later command of the same id wins. */
export function registerCommands(list: readonly Command[]): () => void {
  commandsStore.setState(({ commands }) => ({
    commands: new Map([...commands, ...list.map((command) => [command.id, command] as const)]),
  }));
  return () =>
    commandsStore.setState(({ commands }) => ({
      commands: new Map(
        [...commands].filter(([id, command]) => !list.some((gone) => gone.id === id && gone === command)),
      ),
    }));
}

export function isEnabled(command: Command): boolean {
  return command.when?.() ?? true;
}

/** Runs a command by its id. False when there is none or it does not apply now. */
export function runCommand(id: string): boolean {
  const command = commandsStore.getState().commands.get(id);
  if (!command || !isEnabled(command)) return false;
  try {
    const result = command.run();
    if (result instanceof Promise) result.catch((error: unknown) => reportFailure(command, error));
  } catch (error) {
    reportFailure(command, error);
  }
  return true;
}

/** How long the second stroke of a sequence may take, in milliseconds. */
const SEQUENCE_MS = 1000;

export interface KeyFocus {
  /** Nearest first, without `global`. */
  contexts: readonly KeyContext[];
  /** The focus is in something that takes text. */
  textField: boolean;
}

/** In a terminal nearly every key belongs to the program in it. */
function reachesThroughTerminal(stroke: string): boolean {
  return stroke.startsWith("Mod+Shift+") || stroke === "Mod+`";
}

function mayFire(stroke: string, context: KeyContext, focus: KeyFocus): boolean {
  const nearest = focus.contexts[0];
  if (nearest === "terminal" && context !== "terminal") return reachesThroughTerminal(stroke);
  if (!focus.textField || !isPlainStroke(stroke)) return true;
  // A plain key in a text field is text, but for the keys an editor's own context names (Escape, Shift+Enter).
  const typesText = stroke.length === 1 || stroke === "Space";
  return !typesText && context === nearest && (context === "cell-editor" || context === "terminal");
}

export interface KeyMatch {
  /** The command to run; null when nothing matched or a sequence has only begun. */
  command: Command | null;
  /** The strokes so far of a sequence that may still match. */
  pending: readonly string[];
}

/** Finds what a stroke means. Pure: the caller keeps `pending` until the next stroke or `SEQUENCE_MS` have passed. */
export function matchStroke(
  strokes: readonly string[],
  focus: KeyFocus,
  options: { commands: Iterable<Command>; mac?: boolean },
): KeyMatch {
  const stroke = strokes.at(-1) ?? "";
  const contexts: KeyContext[] = [...focus.contexts, "global"];
  const all = [...options.commands];
  let begun = false;
  for (const context of contexts) {
    for (const command of all) {
      if ((command.context ?? "global") !== context || !command.keys) continue;
      for (const written of command.keys) {
        const keys = normalizeKeys(written, options.mac);
        const matches = strokes.every((value, index) => keys[index] === value);
        if (!matches || !mayFire(stroke, context, focus) || !isEnabled(command)) continue;
        if (keys.length === strokes.length) return { command, pending: [] };
        begun = true;
      }
    }
  }
  return { command: null, pending: begun ? strokes : [] };
}

const KNOWN_CONTEXTS = new Set<string>(["global", "notebook", "cell-editor", "files", "terminal", "log", "versions"]);

function focusOf(target: EventTarget | null): KeyFocus {
  const contexts: KeyContext[] = [];
  if (!(target instanceof Element)) return { contexts, textField: false };
  for (let node: Element | null = target; node; node = node.parentElement) {
    const context = node.getAttribute("data-context");
    if (context && KNOWN_CONTEXTS.has(context)) contexts.push(context as KeyContext);
  }
  const field = target.closest("input, textarea, select, [contenteditable='true'], .native-edit-context");
  const textField =
    field !== null && !(field instanceof HTMLInputElement && ["checkbox", "radio", "button"].includes(field.type));
  return { contexts, textField };
}

export const IS_MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** Listens for keys on a window; returns the function that stops it. */
export function installKeyboard(target: Window): () => void {
  let pending: readonly string[] = [];
  let pendingSince = 0;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    // An open dialog or menu owns the keyboard.
    if (event.target instanceof Element && event.target.closest("[role=dialog],[role=alertdialog],[role=menu]")) return;
    const stroke = strokeOf(event satisfies KeyInput, IS_MAC);
    if (!stroke) return;
    const before = event.timeStamp - pendingSince < SEQUENCE_MS ? pending : [];
    const options = { commands: commandsStore.getState().commands.values(), mac: IS_MAC };
    const focus = focusOf(event.target);
    let match = matchStroke([...before, stroke], focus, options);
    if (!match.command && match.pending.length === 0 && before.length > 0) {
      match = matchStroke([stroke], focus, { ...options, commands: commandsStore.getState().commands.values() });
    }
    pending = match.pending;
    pendingSince = event.timeStamp;
    if (match.command || pending.length > 0) event.preventDefault();
    if (match.command) {
      event.stopPropagation();
      runCommand(match.command.id);
    }
  };
  // Capture: Monaco and other widgets stop events they know, and our contexts have already said who comes first.
  target.addEventListener("keydown", onKeyDown, { capture: true });
  return () => target.removeEventListener("keydown", onKeyDown, { capture: true });
}
