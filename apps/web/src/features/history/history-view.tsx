import type { TimelineEvent } from "@opsbook/notebook/session";
import { BookmarkPlus } from "lucide-react";
import { useMemo, useState } from "react";
import { useStore } from "zustand";
import { displayName } from "../../core/paths.ts";
import type { NotebookSession } from "../../core/session/notebook-session.ts";
import { workspaceStore } from "../../core/workspace.ts";
import { IconButton } from "../../ui/button.tsx";
import { EmptyState, ErrorState, LoadingState } from "../../ui/message.tsx";
import { PanelHeader } from "../../ui/panel-header.tsx";
import { CheckpointList } from "./checkpoint-list.tsx";
import { DeletedCells } from "./deleted-cells.tsx";
import { KIND_WORDS, type Kind } from "./describe.ts";
import { openCheckpointDialog } from "./history-actions.ts";
import { EventRow } from "./timeline-row.tsx";
import { useCheckpoints, useMayEdit, useSession, useTimeline } from "./use-history.ts";

/** The default export is for `lazy`. */
export default function HistoryView() {
  const path = useStore(workspaceStore, (state) => state.notebook);
  if (path === null)
    return (
      <>
        <PanelHeader title="History" />
        <EmptyState title="No notebook is open">
          <p className="text-balance">Its checkpoints, and who did what in it, are shown here.</p>
        </EmptyState>
      </>
    );
  return <OfNotebook key={path} path={path} />;
}

function OfNotebook({ path }: { path: string }) {
  const session = useSession(path);
  if (!session)
    return (
      <>
        <PanelHeader title="History" />
        <LoadingState label="Opening the notebook" />
      </>
    );
  return <Live path={path} session={session} />;
}

function Live({ path, session }: { path: string; session: NotebookSession }) {
  const mayEdit = useMayEdit(session);
  const { checkpoints, error } = useCheckpoints(path, session);
  return (
    <>
      <PanelHeader title="History">
        {mayEdit ? (
          <IconButton label="New checkpoint" keys="Mod+S" onClick={() => openCheckpointDialog(path)}>
            <BookmarkPlus size={14} aria-hidden />
          </IconButton>
        ) : null}
      </PanelHeader>
      <div className="min-h-0 flex-1 overflow-y-auto">
        {error === null ? null : <ErrorState title="The checkpoints cannot be shown" message={error} />}
        {checkpoints ? (
          <CheckpointList path={path} session={session} checkpoints={checkpoints} mayEdit={mayEdit} />
        ) : (
          <LoadingState label="Fetching the checkpoints" />
        )}
        <DeletedCells session={session} mayEdit={mayEdit} />
        <TimelineList path={path} session={session} checkpointIds={checkpoints?.map(({ id }) => id) ?? []} />
      </div>
    </>
  );
}

const SHOWN = 200;
const ANY = "";
const SELECT = "h-6 min-w-0 flex-1 rounded-sm border border-line bg-canvas px-1 text-fg-2 text-xs";

function TimelineList(props: { path: string; session: NotebookSession; checkpointIds: readonly string[] }) {
  const { events, error } = useTimeline(props.session);
  const [person, setPerson] = useState(ANY);
  const [kind, setKind] = useState<Kind | typeof ANY>(ANY);
  const [limit, setLimit] = useState(SHOWN);
  const people = useMemo(() => peopleOf(events ?? []), [events]);
  const chosen = (events ?? []).filter(
    (event) => (person === ANY || (event.by?.id ?? "server") === person) && (kind === ANY || event.kind === kind),
  );
  const known = useMemo(() => new Set(props.checkpointIds), [props.checkpointIds]);
  return (
    <section aria-label="Timeline" className="border-line-soft border-t pt-2 pb-4">
      <h3 className="px-3 pb-1.5 font-medium text-fg-2">Who did what</h3>
      <div className="flex gap-1.5 px-3 pb-2">
        <select
          aria-label="Person"
          className={SELECT}
          value={person}
          onChange={({ target }) => setPerson(target.value)}
        >
          <option value={ANY}>Everybody</option>
          {people.map(({ id, name }) => (
            <option key={id} value={id}>
              {displayName(name)}
            </option>
          ))}
        </select>
        <select
          aria-label="Kind"
          className={SELECT}
          value={kind}
          onChange={({ target }) =>
            setKind((Object.keys(KIND_WORDS).find((one) => one === target.value) as Kind) ?? ANY)
          }
        >
          <option value={ANY}>Everything</option>
          {Object.entries(KIND_WORDS).map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </div>
      {error === null ? null : <ErrorState title="The timeline cannot be shown" message={error} />}
      {events === null && error === null ? <LoadingState label="Fetching the timeline" /> : null}
      {events !== null && chosen.length === 0 ? (
        <p className="px-3 text-fg-3">{events.length === 0 ? "Nothing happened yet." : "Nothing of this kind."}</p>
      ) : null}
      {byDay(chosen.slice(0, limit)).map(([day, ofDay]) => (
        <div key={day}>
          <h4 className="px-3 pt-2 pb-1 text-fg-3 text-xs">{day}</h4>
          <ol>
            {ofDay.map((event) => (
              <EventRow key={`${event.seq}:${event.at}`} {...props} event={event} known={known} />
            ))}
          </ol>
        </div>
      ))}
      {chosen.length > limit ? (
        <button
          type="button"
          className="mx-3 mt-2 text-accent text-xs hover:underline"
          onClick={() => setLimit(limit + SHOWN)}
        >
          Show {Math.min(SHOWN, chosen.length - limit)} earlier ones
        </button>
      ) : null}
    </section>
  );
}

function peopleOf(events: readonly TimelineEvent[]): { id: string; name: string }[] {
  const people = new Map<string, string>();
  for (const { by } of events) people.set(by?.id ?? "server", by?.name ?? "The server");
  return [...people].map(([id, name]) => ({ id, name }));
}

const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });

function byDay(events: readonly TimelineEvent[]): [string, TimelineEvent[]][] {
  const today = DAY.format(new Date());
  const days = new Map<string, TimelineEvent[]>();
  for (const event of events) {
    const name = DAY.format(event.at);
    const day = name === today ? "Today" : name;
    days.set(day, [...(days.get(day) ?? []), event]);
  }
  return [...days];
}
