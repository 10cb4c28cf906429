import { useStore } from "zustand";
import { type Command, type CommandGroup, commandsStore, type KeyContext } from "../../core/commands.ts";
import { dialogStore, openDialog } from "../../core/dialogs.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Kbd } from "../../ui/kbd.tsx";

const GROUPS: readonly CommandGroup[] = [
  "Notebook",
  "Cell",
  "Edit",
  "Kernel",
  "Files",
  "Terminal",
  "Log",
  "View",
  "Help",
];

const WHERE: Record<KeyContext, string> = {
  global: "",
  notebook: "cell selected",
  "cell-editor": "while editing",
  files: "in the explorer",
  terminal: "in a terminal",
  log: "in a log",
  versions: "while comparing versions",
};

function Row({ command }: { command: Command }) {
  return (
    <li className="flex min-h-7 items-center gap-3">
      <span className="min-w-0 flex-1">
        {command.title}
        {WHERE[command.context ?? "global"] ? (
          <span className="text-fg-3 text-xs"> · {WHERE[command.context ?? "global"]}</span>
        ) : null}
      </span>
      {command.keys?.map((keys) => (
        <Kbd key={keys} keys={keys} />
      ))}
    </li>
  );
}

/** All keys there are, read from the same list that obeys them. */
export function ShortcutSheet() {
  const open = useStore(dialogStore, (state) => state.open === "shortcuts");
  const commands = useStore(commandsStore, (state) => state.commands);
  const withKeys = [...commands.values()].filter((command) => command.keys && command.keys.length > 0);
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => openDialog(next ? "shortcuts" : null)}
      title="Keyboard shortcuts"
      width={820}
    >
      <div className="columns-1 gap-10 sm:columns-2">
        {GROUPS.map((group) => {
          const rows = withKeys.filter((command) => command.group === group);
          return rows.length === 0 ? null : (
            <section key={group} className="break-inside-avoid pb-5">
              <h3 className="pb-1 font-medium text-fg">{group}</h3>
              <ul>
                {rows.map((command) => (
                  <Row key={command.id} command={command} />
                ))}
              </ul>
            </section>
          );
        })}
      </div>
    </Dialog>
  );
}
