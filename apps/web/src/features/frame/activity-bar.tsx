import {
  Files,
  History,
  Keyboard,
  type LucideIcon,
  PanelRight,
  Settings,
  SquareTerminal,
  UsersRound,
} from "lucide-react";
import { useEffect } from "react";
import { useStore } from "zustand";
import { runCommand } from "../../core/commands.ts";
import { INSPECTOR_FITS, layoutStore, type SideView } from "../../core/layout.ts";
import { mayWatchTerminals, meStore } from "../../core/me.ts";
import { cx } from "../../ui/cx.ts";
import { Tooltip } from "../../ui/tooltip.tsx";
import { usePeople } from "../people/use-people.ts";
import { refreshTerminals, terminalsStore } from "../terminal/terminals-store.ts";
import { useMedia } from "./use-media.ts";

interface ItemProps {
  icon: LucideIcon;
  label: string;
  keys?: string;
  pressed?: boolean;
  count?: number;
  command: string;
}

function Item({ icon: Icon, label, keys, pressed, count = 0, command }: ItemProps) {
  return (
    <Tooltip label={label} keys={keys} side="right">
      <button
        type="button"
        aria-label={count > 0 ? `${label}, ${count}` : label}
        {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
        onClick={() => runCommand(command)}
        className={cx(
          "relative grid size-[34px] place-items-center rounded-md",
          pressed ? "bg-raise text-fg" : "text-fg-3 hover:bg-hover hover:text-fg-2",
        )}
      >
        <Icon size={18} strokeWidth={1.6} aria-hidden />
        {count > 0 ? (
          <span
            aria-hidden
            className="absolute right-px bottom-0.5 rounded-md bg-raise px-[3px] font-semibold text-[9px] text-fg-2 leading-3 shadow-[0_0_0_2px_var(--bg-chrome)]"
          >
            {count}
          </span>
        ) : null}
      </button>
    </Tooltip>
  );
}

export function ActivityBar() {
  const view = useStore(layoutStore, (state) => state.sideView);
  const fits = useMedia(INSPECTOR_FITS);
  const inspector = useStore(layoutStore, (state) => (fits ? state.inspectorOpen : state.inspectorOverlay));
  const terminals = useStore(terminalsStore, (state) => state.names?.length ?? 0);
  const people = usePeople().length;
  const watches = useStore(meStore, (state) => state.me !== null && mayWatchTerminals(state.me));
  useEffect(() => {
    if (watches) void refreshTerminals();
  }, [watches]);
  const is = (name: SideView): boolean => view === name;
  return (
    <nav
      aria-label="Views"
      className="flex w-11 flex-col items-center justify-between border-line-soft border-r bg-chrome py-1.5"
    >
      <div className="flex flex-col gap-0.5">
        <Item icon={Files} label="Explorer" keys="Mod+Shift+E" pressed={is("files")} command="view.files" />
        {watches ? (
          <Item
            icon={SquareTerminal}
            label="Terminals"
            pressed={is("terminals")}
            count={terminals}
            command="view.terminals"
          />
        ) : null}
        <Item
          icon={UsersRound}
          label="People"
          pressed={is("people")}
          count={people > 1 ? people : 0}
          command="view.people"
        />
        <Item icon={History} label="History" keys="Mod+Shift+H" pressed={is("history")} command="view.history" />
      </div>
      <div className="flex flex-col gap-0.5">
        <Item icon={PanelRight} label="Inspector" keys="Mod+Alt+B" pressed={inspector} command="view.inspector" />
        <Item icon={Keyboard} label="Keyboard shortcuts" keys="?" command="app.shortcuts" />
        <Item icon={Settings} label="Settings" keys="Mod+," command="app.settings" />
      </div>
    </nav>
  );
}
