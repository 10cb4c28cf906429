import type { Execution } from "@opsbook/notebook/session";
import { StepForward } from "lucide-react";
import { ROLE_REASONS } from "../../core/session/sessions.ts";
import { Button } from "../../ui/button.tsx";
import { useNotebook, useScope } from "../notebook/notebook-context.ts";

/** Where the cell's program waits while others run, and how it goes on. */
export function BreakpointLine({ execution }: { execution: Execution }) {
  const { session, actions } = useScope();
  const role = useNotebook((state) => state.role);
  const isLast = useNotebook((state) => state.stoppedRun === execution.id);
  const banner = execution.breakpoints?.at(-1)?.banner ?? "";
  const allowed = role !== null && session.allowed("continue-run");
  return (
    <div className="nb-cell-notice nb-breakpoint" role="note" aria-label="Breakpoint">
      <span>Stopped at a breakpoint{banner === "" ? "" : `: ${banner}`}</span>
      {isLast ? (
        <Button
          variant="outline"
          disabled={!allowed}
          title={role === "viewer" ? ROLE_REASONS[role] : "Lets the cell go on (F8)"}
          onClick={() => actions.goOn()}
        >
          <StepForward size={12} aria-hidden />
          Continue
        </Button>
      ) : (
        <span className="nb-breakpoint-waits">goes on after the cell that stopped later</span>
      )}
    </div>
  );
}
