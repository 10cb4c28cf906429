import { Ellipsis, FastForward, Plus, RotateCw, Square } from "lucide-react";
import { ROLE_REASONS } from "../../core/session/sessions.ts";
import { StateDot } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Tooltip } from "../../ui/tooltip.tsx";
import { KernelBadge } from "../kernel/kernel-badge.tsx";
import { useNotebook, useScope } from "./notebook-context.ts";

export function NotebookToolbar({ onRestart }: { onRestart: (thenRunAll: boolean) => void }) {
  const { session, actions } = useScope();
  const role = useNotebook((state) => state.role);
  const why = role === "viewer" || role === "runner" ? ROLE_REASONS[role] : null;
  const runnable = role !== null && role !== "viewer";
  const editable = role === "editor" || role === "admin";
  return (
    <div className="nb-toolbar" role="toolbar" aria-label="Notebook">
      <MaybeWhy why={runnable ? null : why}>
        <Button variant="primary" disabled={!runnable} onClick={() => void actions.runAll()}>
          <FastForward size={13} aria-hidden />
          Run all
        </Button>
      </MaybeWhy>
      <MaybeWhy why={runnable ? null : why}>
        <Button aria-label="Interrupt" title="Interrupt" disabled={!runnable} onClick={() => actions.interrupt()}>
          <Square size={11} aria-hidden />
          <span className="nb-label">Interrupt</span>
        </Button>
      </MaybeWhy>
      <MaybeWhy why={runnable ? null : why}>
        <Button aria-label="Restart" title="Restart" disabled={!runnable} onClick={() => onRestart(false)}>
          <RotateCw size={12} aria-hidden />
          <span className="nb-label">Restart</span>
        </Button>
      </MaybeWhy>
      <span className="nb-vr" />
      <MaybeWhy why={editable ? null : why}>
        <Button disabled={!editable} onClick={() => actions.insert("below", "code", "edit")}>
          <Plus size={13} aria-hidden />
          Code
        </Button>
      </MaybeWhy>
      <MaybeWhy why={editable ? null : why}>
        <Button disabled={!editable} onClick={() => actions.insert("below", "markdown", "edit")}>
          <Plus size={13} aria-hidden />
          Text
        </Button>
      </MaybeWhy>
      <Menu
        label="More for this notebook"
        items={[
          { id: "above", label: "Run all above", disabled: !runnable, onSelect: () => void actions.runFrom("above") },
          {
            id: "below",
            label: "Run this and all below",
            disabled: !runnable,
            onSelect: () => void actions.runFrom("below"),
          },
          { id: "restart", label: "Restart and run all…", disabled: !runnable, onSelect: () => onRestart(true) },
          { kind: "separator", id: "s" },
          { id: "clear", label: "Clear all outputs", disabled: !editable, onSelect: () => actions.clearOutputs(null) },
          { id: "undo", label: "Undo change of cells", disabled: !editable, onSelect: () => session.undo() },
          { id: "redo", label: "Redo change of cells", disabled: !editable, onSelect: () => session.redo() },
        ]}
      >
        <button type="button" className="nb-menu-button" aria-label="More for this notebook">
          <Ellipsis size={14} aria-hidden />
        </button>
      </Menu>
      <span className="nb-grow" />
      <RunCounts />
      <span className="nb-vr" />
      <KernelBadge />
    </div>
  );
}

function MaybeWhy({ why, children }: { why: string | null; children: React.ReactElement }) {
  if (why === null) return children;
  // A disabled button has no events of its own; what is around it tells.
  return (
    <Tooltip label={why}>
      <span>{children}</span>
    </Tooltip>
  );
}

function RunCounts() {
  const { running, queued, stale, failed } = useNotebook((state) => state.counts);
  const counts = [
    { state: "running", value: running },
    { state: "queued", value: queued },
    { state: "stale", value: stale },
    { state: "failed", value: failed },
  ] as const;
  return (
    <div className="nb-counts">
      {counts
        .filter(({ value }) => value > 0)
        .map(({ state, value }) => (
          <span key={state} title={`${value} ${state}`}>
            <StateDot state={state} />
            {value} <span className="nb-label">{state}</span>
          </span>
        ))}
    </div>
  );
}
