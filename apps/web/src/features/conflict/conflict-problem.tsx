import { lazy, Suspense, useState } from "react";
import { useStore } from "zustand";
import { errorMessage } from "../../core/api.ts";
import { conflictStore, decideConflict } from "../../core/conflict.ts";
import { Button } from "../../ui/button.tsx";
import { useNotebook, useScope } from "../notebook/notebook-context.ts";

const ConflictDialog = lazy(() => import("./conflict-dialog.tsx"));

/** Above the cells, for as long as nobody has chosen between the two versions. */
export function ConflictProblem() {
  const { session } = useScope();
  const conflict = useNotebook((state) => state.conflict);
  const shown = useStore(conflictStore, ({ sessionId }) => sessionId === session.sessionId);
  const mayEdit = useNotebook(({ role }) => role === "editor" || role === "admin");
  const [working, setWorking] = useState(false);
  if (!conflict) return null;
  const keep = async () => {
    setWorking(true);
    try {
      await decideConflict(session.sessionId, { conflict, sides: new Map(), metadata: "mine" });
    } catch (error) {
      session.notify(errorMessage(error));
    }
    setWorking(false);
  };
  return (
    <div className="nb-problem nb-problem-mild" role="alert">
      <div>
        <b>There are two versions of this notebook.</b> Its file was changed outside while edits here were unsaved. The
        other version is kept as <code>{conflict.file}</code>.
      </div>
      {mayEdit ? (
        <span className="nb-problem-actions">
          <Button variant="primary" onClick={() => conflictStore.setState({ sessionId: session.sessionId })}>
            Compare and choose…
          </Button>
          <Button variant="outline" disabled={working} onClick={() => void keep()}>
            Keep what is here
          </Button>
        </span>
      ) : null}
      {shown && mayEdit ? (
        <Suspense>
          <ConflictDialog session={session} />
        </Suspense>
      ) : null}
    </div>
  );
}
