import { Command as Cmdk } from "cmdk";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import { commandsStore, isEnabled, runCommand } from "../../core/commands.ts";
import { dialogStore, openDialog } from "../../core/dialogs.ts";
import { fileIndexStore, refreshFileIndex } from "../../core/file-index.ts";
import { layoutStore } from "../../core/layout.ts";
import { baseName, displayName, parentPath } from "../../core/paths.ts";
import { focusCell, useOutline } from "../../core/session/sessions.ts";
import { isNotebookPath, openPath, workspaceStore } from "../../core/workspace.ts";
import { StateDot } from "../../ui/badge.tsx";
import { cx } from "../../ui/cx.ts";
import { Kbd } from "../../ui/kbd.tsx";
import { FileIcon } from "../files/file-icon.tsx";

const ITEM =
  "flex h-8 select-none items-center gap-2.5 rounded-md px-2.5 text-fg-2 data-[selected=true]:bg-sel data-[selected=true]:text-fg";

/** Files listed before anything is typed, and at most. */
const FILES_AT_REST = 6;
const FILES_AT_MOST = 400;

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Cmdk.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-fg-3 [&_[cmdk-group-heading]]:text-xs"
    >
      {children}
    </Cmdk.Group>
  );
}

/** Recent ones first, then notebooks, then the rest. */
function usePaths(): readonly string[] {
  const files = useStore(fileIndexStore, (state) => state.files);
  const recent = useStore(layoutStore, (state) => state.recent);
  return useMemo(
    () => [...new Set([...recent, ...files.map(({ path }) => path)])].slice(0, FILES_AT_MOST),
    [files, recent],
  );
}

const fileValue = (path: string): string => `file ${path}`;

function Files({ paths }: { paths: readonly string[] }) {
  return (
    <Group heading="Files">
      {paths.map((path, index) => (
        <Cmdk.Item
          key={path}
          value={fileValue(path)}
          onSelect={() => {
            openDialog(null);
            openPath(path);
          }}
          className={cx(ITEM, index >= FILES_AT_REST && "[[data-empty-query]_&]:hidden")}
        >
          <FileIcon entry={{ name: path, type: isNotebookPath(path) ? "notebook" : "file" }} />
          <bdi className="truncate">{displayName(baseName(path))}</bdi>
          <bdi className="min-w-0 flex-1 truncate text-fg-3 text-xs">{displayName(parentPath(path))}</bdi>
        </Cmdk.Item>
      ))}
    </Group>
  );
}

function Cells({ path }: { path: string }) {
  const outline = useOutline(path);
  if (outline.length === 0) return null;
  return (
    <Group heading="Cells">
      {outline.map((item) => (
        <Cmdk.Item
          key={`${item.cellId}-${item.title}`}
          value={`cell ${item.title} ${item.cellId}`}
          onSelect={() => {
            openDialog(null);
            // As below: the cell takes the focus only from within its notebook.
            requestAnimationFrame(() => focusCell(path, item.cellId));
          }}
          className={cx(ITEM, "[[data-empty-query]_&]:hidden")}
        >
          <StateDot state={item.kind === "heading" ? "idle" : item.state} />
          <span className="truncate">{displayName(item.title)}</span>
          {item.executionCount === null ? null : (
            <span className="font-mono text-fg-3 text-xs">In {item.executionCount}</span>
          )}
        </Cmdk.Item>
      ))}
    </Group>
  );
}

function Commands() {
  const commands = useStore(commandsStore, (state) => state.commands);
  const shown = [...commands.values()].filter((command) => !command.hidden && isEnabled(command));
  return (
    <Group heading="Commands">
      {shown.map((command) => (
        <Cmdk.Item
          key={command.id}
          value={`${command.group}: ${command.title}`}
          onSelect={() => {
            openDialog(null);
            // After the palette has given focus back: commands act on what has it.
            requestAnimationFrame(() => runCommand(command.id));
          }}
          className={ITEM}
        >
          <span className="w-3.5 flex-none text-fg-4">
            {command.icon ? <command.icon size={14} aria-hidden /> : null}
          </span>
          <span className="min-w-0 flex-1 truncate">
            {command.title}
            <span className="pl-2 text-fg-3 text-xs">{command.group}</span>
          </span>
          {command.keys?.[0] ? <Kbd keys={command.keys[0]} /> : null}
        </Cmdk.Item>
      ))}
    </Group>
  );
}

/** Commands, files and the cells of the shown notebook behind one field. */
export function Palette() {
  const open = useStore(dialogStore, (state) => state.open === "palette");
  const notebook = useStore(workspaceStore, (state) => state.notebook);
  useEffect(() => {
    if (open) void refreshFileIndex();
  }, [open]);
  return (
    <Radix.Root open={open} onOpenChange={(next) => openDialog(next ? "palette" : null)}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed top-[7px] left-1/2 z-50 w-[min(580px,calc(100vw-24px))] -translate-x-1/2 overflow-hidden rounded-lg border border-line bg-side shadow-pop outline-none"
        >
          <Radix.Title className="sr-only">Search and commands</Radix.Title>
          <PaletteList notebook={notebook} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function PaletteList({ notebook }: { notebook: string | null }) {
  const looking = useStore(fileIndexStore, (state) => state.loading);
  const paths = usePaths();
  const [selected, setSelected] = useState("");
  const touched = useRef(false);
  const first = paths[0];
  // Files arrive after the list was first shown: the first row stays the chosen one until a person chooses.
  useEffect(() => {
    if (!touched.current && first !== undefined) setSelected(fileValue(first));
  }, [first]);
  return (
    <Cmdk
      label="Search and commands"
      loop
      value={selected}
      onValueChange={setSelected}
      onKeyDown={() => {
        touched.current = true;
      }}
    >
      <Cmdk.Input
        placeholder="Search cells, files or run a command"
        className="h-10 w-full border-line-soft border-b bg-transparent px-3.5 text-fg text-md outline-none focus-visible:outline-none"
        onInput={(event) => {
          // Long lists stay folded until something is typed; an attribute costs no second render of them.
          const list = event.currentTarget.closest("[cmdk-root]")?.querySelector("[cmdk-list]");
          list?.toggleAttribute("data-empty-query", event.currentTarget.value === "");
        }}
      />
      <Cmdk.List data-empty-query="" className="max-h-[min(420px,60vh)] overflow-y-auto p-1.5">
        <Cmdk.Empty className="px-3 py-6 text-center text-fg-3">
          {looking ? "Looking for files …" : "Nothing found."}
        </Cmdk.Empty>
        <Files paths={paths} />
        {notebook ? <Cells path={notebook} /> : null}
        <Commands />
      </Cmdk.List>
    </Cmdk>
  );
}
