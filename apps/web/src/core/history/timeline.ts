import { type TimelineEvent, timelineSchema, withEntry } from "@opsbook/notebook/session";
import { z } from "zod";
import { createStore, type StoreApi } from "zustand/vanilla";
import { errorMessage, request } from "../api.ts";
import type { NotebookSession, SessionEntry } from "../session/notebook-session.ts";

const answerSchema = z.object({ seq: z.number(), events: timelineSchema });

export interface Timeline {
  /** Newest first; null until they came. */
  events: readonly TimelineEvent[] | null;
  error: string | null;
}

/** Who did what in a notebook: fetched once, and from then on told by the session itself. */
export function followTimeline(session: NotebookSession): { store: StoreApi<Timeline>; stop: () => void } {
  const store = createStore<Timeline>(() => ({ events: null, error: null }));
  const held: SessionEntry[] = [];
  let told: { seq: number; events: readonly TimelineEvent[] } | null = null;
  const take = ({ entry, state }: SessionEntry) => {
    if (!told || entry.seq <= told.seq) return;
    told = { seq: entry.seq, events: withEntry(told.events, entry, state) };
  };
  const show = () => {
    const events = told?.events;
    if (events && events !== shown) store.setState({ events: events.toReversed(), error: null });
    shown = events;
  };
  let shown: readonly TimelineEvent[] | undefined;
  const stop = session.onEntry((one) => {
    if (!told) {
      held.push(one);
      return;
    }
    take(one);
    show();
  });
  request(`api/opsbook/sessions/${encodeURIComponent(session.sessionId)}/timeline`, { schema: answerSchema }).then(
    (answer) => {
      told = answer;
      for (const one of held.splice(0)) take(one);
      show();
    },
    (error: unknown) => store.setState({ error: errorMessage(error) }),
  );
  return { store, stop };
}
