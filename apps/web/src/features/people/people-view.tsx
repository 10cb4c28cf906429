import { UserRoundPlus } from "lucide-react";
import { useStore } from "zustand";
import { openDialog } from "../../core/dialogs.ts";
import { meStore } from "../../core/me.ts";
import { baseName, displayName } from "../../core/paths.ts";
import { workspaceStore } from "../../core/workspace.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { IconButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/message.tsx";
import { PanelHeader } from "../../ui/panel-header.tsx";
import { type Person, usePeople } from "./use-people.ts";

export function PersonRow({ person }: { person: Person }) {
  const details = [person.role, person.windows > 1 ? `${person.windows} windows` : null].filter(Boolean);
  return (
    <li className="flex items-center gap-2.5 py-1">
      <Avatar id={person.id} name={person.name} size={22} present />
      <div className="min-w-0 flex-1 leading-[15px]">
        <p className="truncate text-fg">
          <bdi>{displayName(person.name)}</bdi>
          {person.you ? <span className="text-fg-3 text-xs"> you</span> : null}
        </p>
        {details.length > 0 ? <p className="text-fg-3 text-xs">{details.join(" · ")}</p> : null}
      </div>
    </li>
  );
}

export function PeopleView() {
  const people = usePeople();
  const notebook = useStore(workspaceStore, (state) => state.notebook);
  const admin = useStore(meStore, (state) => state.me?.role === "admin");
  return (
    <>
      <PanelHeader title="People">
        {admin ? (
          <IconButton label="Invite somebody" onClick={() => openDialog("share")}>
            <UserRoundPlus size={14} aria-hidden />
          </IconButton>
        ) : null}
      </PanelHeader>
      {people.length === 0 ? (
        <EmptyState title="Nobody known yet" />
      ) : (
        <div className="min-h-0 flex-1 overflow-y-auto px-3">
          <p className="truncate pb-1 text-fg-3 text-xs">
            {notebook ? `In ${displayName(baseName(notebook))}` : "Open a notebook to see who else has it open."}
          </p>
          <ul>
            {people.map((person) => (
              <PersonRow key={person.id} person={person} />
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
