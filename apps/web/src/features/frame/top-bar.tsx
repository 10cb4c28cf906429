import { ChevronDown, Moon, Search, Share2, Sun, SunMoon } from "lucide-react";
import { useStore } from "zustand";
import { runCommand } from "../../core/commands.ts";
import { openDialog } from "../../core/dialogs.ts";
import { meStore } from "../../core/me.ts";
import { displayName } from "../../core/paths.ts";
import { settingsStore, updateSettings } from "../../core/settings.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Kbd } from "../../ui/kbd.tsx";
import { Logo } from "../../ui/logo.tsx";
import { Menu, type MenuItem } from "../../ui/menu.tsx";
import { usePeople } from "../people/use-people.ts";

const THEME_ICONS = { system: SunMoon, dark: Moon, light: Sun };
const THEME_WORDS = { system: "as the system", dark: "dark", light: "light" };
const NEXT_THEME = { system: "dark", dark: "light", light: "system" } as const;

/** Faces shown before the rest becomes a number. */
const FACES = 4;

function People() {
  const people = usePeople();
  if (people.length === 0) return null;
  const rest = people.length - FACES;
  return (
    <button
      type="button"
      aria-label={`${people.length} ${people.length === 1 ? "person" : "people"} here: ${people.map(({ name }) => name).join(", ")}`}
      className="flex items-center rounded-full p-0.5"
      onClick={() => runCommand("view.people")}
    >
      {people.slice(0, FACES).map((person, index) => (
        <Avatar
          key={person.id}
          id={person.id}
          name={person.name}
          className={index > 0 ? "-ml-1.5 shadow-[0_0_0_2px_var(--bg-chrome)]" : "shadow-[0_0_0_2px_var(--bg-chrome)]"}
        />
      ))}
      {rest > 0 ? <span className="pl-1 text-xs">+{rest}</span> : null}
    </button>
  );
}

function ThemeSwitch() {
  const theme = useStore(settingsStore, (state) => state.theme);
  const Icon = THEME_ICONS[theme];
  return (
    <IconButton
      label={`Theme: ${THEME_WORDS[theme]}. Change to ${THEME_WORDS[NEXT_THEME[theme]]}`}
      onClick={() => updateSettings({ theme: NEXT_THEME[theme] })}
    >
      <Icon size={15} aria-hidden />
    </IconButton>
  );
}

const MENU: readonly MenuItem[] = [
  { id: "new", label: "New notebook", onSelect: () => runCommand("files.new-notebook") },
  { id: "terminal", label: "New terminal", keys: "Ctrl+Shift+`", onSelect: () => runCommand("terminal.new") },
  { kind: "separator", id: "s1" },
  {
    id: "palette",
    label: "Command palette",
    keys: "Mod+K",
    takesFocus: true,
    onSelect: () => runCommand("app.palette"),
  },
  {
    id: "shortcuts",
    label: "Keyboard shortcuts",
    keys: "?",
    takesFocus: true,
    onSelect: () => runCommand("app.shortcuts"),
  },
  { id: "settings", label: "Settings", keys: "Mod+,", takesFocus: true, onSelect: () => runCommand("app.settings") },
  { kind: "separator", id: "s2" },
  { id: "logout", label: "Log out", onSelect: () => runCommand("app.logout") },
];

export function TopBar() {
  const me = useStore(meStore, (state) => state.me);
  const workspace = displayName(me?.workspace ?? "Opsbook");
  return (
    <header className="grid h-10 grid-cols-[1fr_minmax(0,460px)_1fr] items-center gap-3 border-line-soft border-b bg-chrome pr-3 pl-3.5">
      <div className="flex items-center gap-2">
        <Logo />
        <Menu label="Opsbook" items={MENU}>
          <button
            type="button"
            className="flex min-w-0 items-center gap-1 rounded-sm px-1 py-0.5 text-fg-2 text-md hover:bg-hover hover:text-fg"
          >
            <bdi className="max-w-24 truncate font-medium text-fg sm:max-w-52">{workspace}</bdi>
            <ChevronDown size={13} aria-hidden className="flex-none text-fg-3" />
            <span className="sr-only">, main menu</span>
          </button>
        </Menu>
      </div>
      <button
        type="button"
        onClick={() => openDialog("palette")}
        className="flex h-[26px] w-full items-center gap-2 rounded-md border border-line-soft bg-cell pr-1.5 pl-2.5 text-left text-fg-3 hover:border-line hover:text-fg-2"
      >
        <Search size={13} aria-hidden className="flex-none" />
        <span className="min-w-0 flex-1 truncate">Search cells, files or run a command</span>
        <Kbd keys="Mod+K" />
      </button>
      <div className="flex items-center justify-end gap-2.5">
        <People />
        <ThemeSwitch />
        {me?.role === "admin" ? (
          <Button variant="outline" onClick={() => openDialog("share")}>
            <Share2 size={13} aria-hidden />
            <span className="max-sm:sr-only">Share</span>
          </Button>
        ) : null}
      </div>
    </header>
  );
}
