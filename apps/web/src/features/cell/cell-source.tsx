import { useEffect, useRef, useState } from "react";
import { loadMonaco, type Monaco, monacoNow } from "../../core/monaco.ts";
import type { CellView, Peer } from "../../core/session/cell-views.ts";
import { ROLE_REASONS } from "../../core/session/sessions.ts";
import { personHue } from "../../ui/avatar.tsx";
import { useNotebook, useScope } from "../notebook/notebook-context.ts";
import { CODE_PADDING, LINE_HEIGHT } from "./code-metrics.ts";
import { MonacoCell } from "./monaco-cell.tsx";
import { PlainEditor } from "./plain-editor.tsx";
import { StaticCode } from "./static-code.tsx";

/** The text of a cell: to read, or with an editor while it is being edited. */
export function CellSource({ view, editing, label }: { view: CellView; editing: boolean; label: string }) {
  const { cell, source, peers } = view;
  const { actions, ui } = useScope();
  const caret = useRef<number | null>(null);
  const monaco = useMonaco(editing);
  const role = useNotebook((state) => state.role);
  const kernelLanguage = useNotebook((state) => state.runtime?.language ?? "typescript");
  const language =
    cell.cell_type === "code" ? kernelLanguage : cell.cell_type === "markdown" ? "markdown" : "plaintext";
  const readOnly = role === "viewer" || role === "runner" ? ROLE_REASONS[role] : null;
  useEffect(() => {
    if (!editing) caret.current = null;
  }, [editing]);

  if (!editing)
    return (
      <>
        <StaticCode
          cellId={cell.id}
          text={source}
          language={language}
          {...(cell.cell_type === "code" ? {} : { placeholder: "Empty text cell: Enter to write" })}
          onCaret={(offset) => {
            caret.current = offset;
            actions.select(cell.id, "edit");
          }}
        />
        <StaticCarets peers={peers} source={source} />
      </>
    );
  const { reveal } = ui.getState();
  if (reveal?.cellId === cell.id) caret.current ??= reveal.offset ?? null;
  if (!monaco) return <PlainEditor cellId={cell.id} label={label} caret={caret} readOnly={readOnly !== null} />;
  return (
    <MonacoCell
      monaco={monaco}
      cellId={cell.id}
      language={language}
      label={label}
      prose={cell.cell_type !== "code"}
      readOnly={readOnly}
      peers={peers}
      caret={caret.current}
    />
  );
}

function useMonaco(wanted: boolean): Monaco | null {
  const [monaco, setMonaco] = useState(monacoNow);
  useEffect(() => {
    if (!wanted || monaco) return;
    loadMonaco().then(setMonaco, () => undefined);
  }, [wanted, monaco]);
  return monaco;
}

/** Where the others are in a cell this person only reads. */
function StaticCarets({ peers, source }: { peers: readonly Peer[]; source: string }) {
  return peers
    .filter(({ presence }) => presence.selection !== null)
    .map((peer) => {
      const before = source.slice(0, peer.presence.selection!.head);
      const line = before.split("\n").length - 1;
      const column = before.length - (before.lastIndexOf("\n") + 1);
      const lines = source.split("\n").length;
      const digits = Math.max(2, String(lines).length);
      const style = {
        "--hue": personHue(peer.userId),
        top: CODE_PADDING + line * LINE_HEIGHT,
        left: `calc((${column + digits} * 0.6em) + 16px)`,
      } as React.CSSProperties;
      return (
        // A new place is a new element: its name is shown again for a while.
        <span key={`${peer.clientId} ${before.length}`} className="nb-caret nb-caret-static" style={style}>
          <span>{peer.name}</span>
        </span>
      );
    });
}
