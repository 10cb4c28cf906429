import { ArrowDown, ArrowUp, Ellipsis, Play, Plus, Square, Trash2 } from "lucide-react";
import type { CellView } from "../../core/session/cell-views.ts";
import { ROLE_REASONS } from "../../core/session/sessions.ts";
import { IconButton } from "../../ui/button.tsx";
import { Menu } from "../../ui/menu.tsx";
import { useNotebook, useScope } from "../notebook/notebook-context.ts";

/** What can be done with one cell; there on hover, on focus, and while it is selected. */
export function CellToolbar({ view }: { view: CellView }) {
  const { session, actions } = useScope();
  const role = useNotebook((state) => state.role);
  const { cell, state } = view;
  const editable = role === "editor" || role === "admin";
  const runnable = editable || role === "runner";
  const why = role === "viewer" || role === "runner" ? ROLE_REASONS[role] : undefined;
  const active = state === "running" || state === "queued";
  const say = (label: string, allowed: boolean) => (allowed || !why ? label : `${label}: ${why}`);
  const only = [cell.id];
  return (
    <div className="nb-cell-tools" role="toolbar" aria-label="Cell">
      {cell.cell_type !== "code" ? null : active ? (
        <IconButton
          label={say(state === "queued" ? "Take out of the queue" : "Stop", runnable)}
          disabled={!runnable}
          onClick={() => session.stop(cell.id)}
        >
          <Square size={12} aria-hidden />
        </IconButton>
      ) : (
        <IconButton
          label={say("Run", runnable)}
          keys="Mod+Enter"
          disabled={!runnable}
          onClick={() => void actions.run("stay", only)}
        >
          <Play size={12} aria-hidden />
        </IconButton>
      )}
      <IconButton label={say("Move up", editable)} disabled={!editable} onClick={() => actions.move(-1, only)}>
        <ArrowUp size={13} aria-hidden />
      </IconButton>
      <IconButton label={say("Move down", editable)} disabled={!editable} onClick={() => actions.move(1, only)}>
        <ArrowDown size={13} aria-hidden />
      </IconButton>
      <IconButton label={say("Delete", editable)} keys="D D" disabled={!editable} onClick={() => actions.delete(only)}>
        <Trash2 size={12} aria-hidden />
      </IconButton>
      <Menu
        label="More for this cell"
        align="end"
        items={[
          ...(["above", "below"] as const).map((where) => ({
            id: where,
            label: `Add a code cell ${where}`,
            icon: <Plus size={13} />,
            disabled: !editable,
            onSelect: () => {
              actions.select(cell.id);
              actions.insert(where);
            },
          })),
          { kind: "separator", id: "s1" },
          ...(["code", "markdown", "raw"] as const).map((type) => ({
            id: type,
            label: { code: "Code", markdown: "Text (Markdown)", raw: "Raw" }[type],
            checked: cell.cell_type === type,
            disabled: !editable || active,
            onSelect: () => actions.setType(type, only),
          })),
          { kind: "separator", id: "s2" },
          {
            id: "clear",
            label: "Clear outputs",
            disabled: !editable || cell.outputs.length === 0,
            onSelect: () => actions.clearOutputs(only),
          },
        ]}
      >
        <button type="button" className="nb-menu-button" aria-label="More for this cell">
          <Ellipsis size={13} aria-hidden />
        </button>
      </Menu>
    </div>
  );
}
