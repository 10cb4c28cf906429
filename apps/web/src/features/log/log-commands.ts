import { ArrowDownToLine, Copy, Download, Search, WrapText } from "lucide-react";
import { type Command, registerCommands } from "../../core/commands.ts";
import type { LogActions } from "./log-actions.ts";

let active: LogActions | null = null;
const stack: LogActions[] = [];
let unregister: (() => void) | null = null;

/** Makes a log the one that keys and the palette mean; returns what takes it away. */
export function activateLog(log: LogActions): () => void {
  stack.push(log);
  active = log;
  unregister ??= registerCommands(COMMANDS);
  return () => {
    stack.splice(stack.lastIndexOf(log), 1);
    active = stack.at(-1) ?? null;
    if (active) return;
    unregister?.();
    unregister = null;
  };
}

export function touchLog(log: LogActions): void {
  if (stack.includes(log)) active = log;
}

const use = (action: (log: LogActions) => void | Promise<void>) => () => (active ? action(active) : undefined);
const onLines = () => active !== null && document.activeElement === active.elements.box;
/** Text marked with the mouse is copied by the browser. */
const nothingMarked = () => onLines() && document.getSelection()?.isCollapsed !== false;

const log = (
  id: string,
  title: string,
  keys: string[],
  action: (log: LogActions) => void | Promise<void>,
  more: Partial<Command> = {},
): Command => ({
  id: `log.${id}`,
  title,
  group: "Log",
  keys,
  context: "log",
  when: () => active !== null,
  run: use(action),
  ...more,
});

const COMMANDS: readonly Command[] = [
  log("search", "Search in the log", ["Mod+F", "/"], ({ elements }) => elements.searchField?.select(), {
    icon: Search,
  }),
  log("next", "Next line found", ["F3", "N"], (view) => view.step(1)),
  log("previous", "Previous line found", ["Shift+F3", "Shift+N"], (view) => view.step(-1)),
  log("go-to-line", "Go to a line of the log", ["Mod+G", "G"], ({ elements }) => elements.lineField?.select()),
  log("follow", "Follow the end of the log", ["F"], (view) => view.toggleFollow(), { icon: ArrowDownToLine }),
  log("wrap", "Wrap the log's lines", ["W", "Alt+Z"], (view) => view.toggleWrap(), { icon: WrapText }),
  log("copy", "Copy the chosen lines", ["Mod+C"], (view) => view.copy(), { icon: Copy, when: nothingMarked }),
  log("select-all", "Choose all lines", ["Mod+A"], (view) => view.selectAll(), { hidden: true, when: onLines }),
  log("unselect", "Choose no line", ["Escape"], (view) => view.unselect(), { hidden: true, when: onLines }),
  log("download", "Download the log", ["D"], (view) => view.download(), { icon: Download }),
  log("down", "Next line", ["Down", "J"], (view) => view.move(1), { hidden: true, when: onLines }),
  log("up", "Previous line", ["Up", "K"], (view) => view.move(-1), { hidden: true, when: onLines }),
  log("extend-down", "Choose one more below", ["Shift+Down", "Shift+J"], (view) => view.move(1, true), {
    hidden: true,
    when: onLines,
  }),
  log("extend-up", "Choose one more above", ["Shift+Up", "Shift+K"], (view) => view.move(-1, true), {
    hidden: true,
    when: onLines,
  }),
  log("page-down", "A page down", ["PageDown", "Space"], (view) => view.page(1), { hidden: true, when: onLines }),
  log("page-up", "A page up", ["PageUp", "Shift+Space"], (view) => view.page(-1), { hidden: true, when: onLines }),
  log("start", "First line", ["Home", "Mod+Home"], (view) => view.toStart(), { hidden: true, when: onLines }),
  log("end", "Last line", ["End", "Mod+End"], (view) => view.toEnd(), { hidden: true, when: onLines }),
];
