import {
  ArrowDown,
  ArrowUp,
  ChevronsRight,
  Copy,
  Eraser,
  Play,
  Plus,
  Redo2,
  RotateCw,
  Scissors,
  ScrollText,
  Square,
  StepForward,
  Trash2,
  Type,
  Undo2,
} from "lucide-react";
import { type Command, registerCommands } from "../../core/commands.ts";
import { conflictStore } from "../../core/conflict.ts";
import { openTab } from "../../core/workspace.ts";
import type { NotebookScope } from "./notebook-context.ts";

/** The notebook that keys and the palette mean: the one last used of those on screen. */
export interface ActiveNotebook extends NotebookScope {
  confirmRestart(thenRunAll: boolean): void;
}

let active: ActiveNotebook | null = null;
const stack: ActiveNotebook[] = [];
let unregister: (() => void) | null = null;

/** Makes a notebook the active one until another is; returns what takes it away. */
export function activateNotebook(notebook: ActiveNotebook): () => void {
  stack.push(notebook);
  active = notebook;
  unregister ??= registerCommands(COMMANDS);
  return () => {
    const index = stack.lastIndexOf(notebook);
    if (index >= 0) stack.splice(index, 1);
    active = stack.at(-1) ?? null;
    if (active) return;
    unregister?.();
    unregister = null;
  };
}

export function touchNotebook(notebook: ActiveNotebook): void {
  if (active === notebook || !stack.includes(notebook)) return;
  stack.splice(stack.indexOf(notebook), 1);
  stack.push(notebook);
  active = notebook;
}

type Use = (notebook: ActiveNotebook) => void | Promise<void>;
const use = (action: Use) => () => (active ? action(active) : undefined);
const may = (type: Parameters<NotebookScope["session"]["allowed"]>[0]) => () => active?.session.allowed(type) ?? false;
const open = () => active !== null;

/** Keys of command mode mean a cell only while the focus is on one, not on a button or field inside of it. */
function onCell(): boolean {
  return active !== null && document.activeElement?.matches("[data-cell], [data-notebook]") === true;
}

/** A field inside of a cell, such as a table's filter, has its own undo. */
const notInField = () => active !== null && !document.activeElement?.matches("[data-notebook] :is(input, textarea)");

/** An open list or search field of the editor takes Escape for itself. */
const noWidget = () =>
  document.querySelector(".monaco-editor .suggest-widget.visible, .monaco-editor .find-widget.visible") === null;

const runs = (context: "notebook" | "cell-editor"): Command[] => {
  const suffix = context === "cell-editor" ? "-editing" : "";
  const hidden = context === "cell-editor";
  return [
    {
      id: `cell.run-advance${suffix}`,
      title: "Run and go on to the next cell",
      group: "Cell",
      keys: ["Shift+Enter"],
      context,
      hidden,
      icon: Play,
      when: open,
      run: use(({ actions }) => actions.run("advance")),
    },
    {
      id: `cell.run${suffix}`,
      title: "Run cell",
      group: "Cell",
      keys: ["Mod+Enter"],
      context,
      hidden,
      icon: Play,
      when: open,
      run: use(({ actions }) => actions.run("stay")),
    },
    {
      id: `cell.run-insert${suffix}`,
      title: "Run and add a cell below",
      group: "Cell",
      keys: ["Alt+Enter"],
      context,
      hidden,
      icon: Play,
      when: open,
      run: use(({ actions }) => actions.run("insert")),
    },
  ];
};

const cell = (id: string, title: string, keys: string[], action: Use, more: Partial<Command> = {}): Command => ({
  id,
  title,
  group: "Cell",
  keys,
  context: "notebook",
  when: open,
  run: use(action),
  ...more,
});

/** The longest text the selected cell printed, in a tab of its own. */
function openLog({ actions, session, path }: ActiveNotebook): void {
  const outputs = session.cells.get(actions.selected ?? "")?.getState().cell.outputs ?? [];
  const streams = outputs.filter((output) => output.output_type === "stream");
  const longest = streams.toSorted((a, b) => lengthOf(b) - lengthOf(a))[0];
  if (longest) openTab({ kind: "log", path, outputId: longest.id });
  else session.notify("This cell has printed nothing.");
}

/** An open stream tells its length last. */
const lengthOf = (stream: { bytes: number; closed: boolean }) =>
  stream.closed ? stream.bytes : Number.POSITIVE_INFINITY;

const COMMANDS: readonly Command[] = [
  ...runs("notebook"),
  ...runs("cell-editor"),
  {
    id: "notebook.run-all",
    title: "Run all cells",
    group: "Notebook",
    icon: ChevronsRight,
    when: may("run-cells"),
    run: use(({ actions }) => actions.runAll()),
  },
  {
    id: "notebook.run-above",
    title: "Run all cells above",
    group: "Notebook",
    when: may("run-cells"),
    run: use(({ actions }) => actions.runFrom("above")),
  },
  {
    id: "notebook.run-below",
    title: "Run this cell and all below",
    group: "Notebook",
    when: may("run-cells"),
    run: use(({ actions }) => actions.runFrom("below")),
  },
  {
    id: "notebook.clear-outputs",
    title: "Clear all outputs",
    group: "Notebook",
    icon: Eraser,
    when: may("clear-outputs"),
    run: use(({ actions }) => actions.clearOutputs(null)),
  },
  {
    id: "kernel.interrupt",
    title: "Interrupt the kernel",
    group: "Kernel",
    icon: Square,
    when: may("interrupt-kernel"),
    run: use(({ actions }) => actions.interrupt()),
  },
  {
    id: "kernel.continue",
    title: "Continue from the breakpoint",
    keys: ["F8"],
    group: "Kernel",
    icon: StepForward,
    when: () => may("continue-run")() && active?.session.store.getState().stoppedRun != null,
    run: use(({ actions }) => actions.goOn()),
  },
  {
    id: "kernel.restart",
    title: "Restart the kernel…",
    group: "Kernel",
    icon: RotateCw,
    when: may("restart-kernel"),
    run: use((notebook) => notebook.confirmRestart(false)),
  },
  {
    id: "kernel.restart-run-all",
    title: "Restart the kernel and run all cells…",
    group: "Kernel",
    icon: RotateCw,
    when: may("restart-kernel"),
    run: use((notebook) => notebook.confirmRestart(true)),
  },
  cell("kernel.interrupt-keys", "Interrupt the kernel", ["I I"], ({ actions }) => actions.interrupt(), {
    group: "Kernel",
    hidden: true,
  }),
  cell("kernel.restart-keys", "Restart the kernel…", ["0 0"], (notebook) => notebook.confirmRestart(false), {
    group: "Kernel",
    hidden: true,
  }),
  cell("cell.edit", "Edit cell", ["Enter"], ({ actions }) => actions.edit(), { hidden: true, when: onCell }),
  {
    id: "cell.command-mode",
    title: "Leave the editor",
    group: "Cell",
    keys: ["Escape", "Mod+M"],
    context: "cell-editor",
    hidden: true,
    when: noWidget,
    run: use(({ actions }) => actions.command()),
  },
  cell("cell.select-next", "Next cell", ["J", "Down"], ({ actions }) => actions.step(1), {
    hidden: true,
    when: onCell,
  }),
  cell("cell.select-previous", "Previous cell", ["K", "Up"], ({ actions }) => actions.step(-1), {
    hidden: true,
    when: onCell,
  }),
  cell("cell.extend-down", "Select one more below", ["Shift+J", "Shift+Down"], ({ actions }) => actions.extend(1), {
    hidden: true,
  }),
  cell("cell.extend-up", "Select one more above", ["Shift+K", "Shift+Up"], ({ actions }) => actions.extend(-1), {
    hidden: true,
  }),
  cell("cell.select-all", "Select all cells", ["Mod+A"], ({ actions }) => actions.selectAll(), {
    hidden: true,
    when: onCell,
  }),
  cell("cell.add-above", "Add a cell above", ["A"], ({ actions }) => actions.insert("above"), { icon: Plus }),
  cell("cell.add-below", "Add a cell below", ["B"], ({ actions }) => actions.insert("below"), { icon: Plus }),
  cell("cell.delete", "Delete cell", ["D D"], ({ actions }) => actions.delete(), { icon: Trash2 }),
  cell("cell.cut", "Cut cell", ["X"], ({ actions }) => actions.cut(), { icon: Scissors }),
  cell("cell.copy", "Copy cell", ["C"], ({ actions }) => actions.copy(), { icon: Copy }),
  cell("cell.paste-below", "Paste cell below", ["V"], ({ actions }) => actions.paste("below")),
  cell("cell.paste-above", "Paste cell above", ["Shift+V"], ({ actions }) => actions.paste("above")),
  cell("cell.to-markdown", "Make it a text cell", ["M"], ({ actions }) => actions.setType("markdown"), { icon: Type }),
  cell("cell.to-code", "Make it a code cell", ["Y"], ({ actions }) => actions.setType("code")),
  cell("cell.to-raw", "Make it a raw cell", ["R"], ({ actions }) => actions.setType("raw")),
  cell("cell.move-up", "Move cell up", ["Alt+Up"], ({ actions }) => actions.move(-1), { icon: ArrowUp }),
  cell("cell.move-down", "Move cell down", ["Alt+Down"], ({ actions }) => actions.move(1), { icon: ArrowDown }),
  cell("cell.open-log", "Open the log of this cell", ["L"], openLog, { icon: ScrollText }),
  cell("notebook.undo", "Undo the last change of cells", ["Z", "Mod+Z"], ({ session }) => session.undo(), {
    group: "Edit",
    icon: Undo2,
    when: notInField,
  }),
  cell("notebook.redo", "Redo the change of cells", ["Shift+Z", "Mod+Shift+Z"], ({ session }) => session.redo(), {
    group: "Edit",
    icon: Redo2,
    when: notInField,
  }),
  {
    id: "cell.undo-text",
    title: "Undo typing",
    group: "Edit",
    keys: ["Mod+Z"],
    context: "cell-editor",
    hidden: true,
    when: open,
    run: use(({ actions }) => actions.text?.undo()),
  },
  {
    id: "notebook.choose-version",
    title: "Choose between two versions of the notebook",
    group: "Notebook",
    context: "notebook",
    when: () => active?.session.state?.conflict !== undefined,
    run: use(({ session }) => conflictStore.setState({ sessionId: session.sessionId })),
  },
  {
    id: "cell.redo-text",
    title: "Redo typing",
    group: "Edit",
    keys: ["Mod+Shift+Z", "Mod+Y"],
    context: "cell-editor",
    hidden: true,
    when: open,
    run: use(({ actions }) => actions.text?.redo()),
  },
];
