import { useEffect, useState } from "react";
import { stateWords } from "../cell/cell-state.tsx";
import { useScope } from "./notebook-context.ts";

/** Tells a screen reader when runs begin and end. */
export function RunAnnouncer() {
  const { session } = useScope();
  const [words, setWords] = useState("");
  useEffect(() => {
    const known = new Map<string, string>();
    const read = (announce: boolean) => {
      for (const [index, cellId] of session.store.getState().order.entries()) {
        const view = session.cells.get(cellId)?.getState();
        if (!view?.execution) continue;
        const now = `${view.execution.id} ${view.execution.status}`;
        if (known.get(cellId) === now) continue;
        known.set(cellId, now);
        if (announce && view.execution.status !== "queued") setWords(`Cell ${index + 1} ${stateWords(view)}`);
      }
    };
    read(false);
    return session.cells.subscribe(() => read(true));
  }, [session]);
  return (
    <div className="sr-only" role="status" aria-live="polite">
      {words}
    </div>
  );
}
