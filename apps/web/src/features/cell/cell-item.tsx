import type { Prompt } from "@opsbook/notebook/session";
import { lazy, memo, Suspense, useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import type { StoreApi } from "zustand/vanilla";
import type { CellView } from "../../core/session/cell-views.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Button } from "../../ui/button.tsx";
import { cx } from "../../ui/cx.ts";
import { selectionOf } from "../notebook/notebook-actions.ts";
import { useLanguage, useScope, useUi } from "../notebook/notebook-context.ts";
import { OutputList } from "../output/output-list.tsx";
import { BreakpointLine } from "./breakpoint-line.tsx";
import { CellSource } from "./cell-source.tsx";
import { CellStateMark, GutterMark, stateWords } from "./cell-state.tsx";
import { CellToolbar } from "./cell-toolbar.tsx";
import { PromptForm } from "./prompt-form.tsx";

const Markdown = lazy(async () => ({ default: (await import("./markdown.tsx")).Markdown }));
const QuestionForm = lazy(() => import("../question/question-form.tsx"));

export interface CellItemProps {
  cellId: string;
  store: StoreApi<CellView>;
  /** From 1. */
  position: number;
  total: number;
}

export const CellItem = memo(function CellItem({ cellId, store, position, total }: CellItemProps) {
  const { session, ui, actions } = useScope();
  const view = useStore(store);
  const element = useRef<HTMLLIElement>(null);
  const selected = useUi((state) => state.selectedCellId === cellId);
  const editing = useUi((state) => state.selectedCellId === cellId && state.mode === "edit");
  const marked = useUi((state) =>
    state.extentCellId === null
      ? state.selectedCellId === cellId
      : selectionOf(session.store.getState().order, state).includes(cellId),
  );
  const { cell, state } = view;
  const language = useLanguage();
  const label = labelOf(view, position, total);
  useCellFocus(element, { focused: selected && !editing });
  // Buttons, tips and a menu for each of a thousand cells would cost seconds; only some can be used at a time.
  const [hovered, setHovered] = useState(false);
  const tools = hovered || selected || state === "running" ? <CellToolbar view={view} /> : null;

  const onMouseDown = (event: React.MouseEvent) => {
    const target = event.target as Element;
    // The editor and the code decide for themselves; controls keep their clicks.
    if (target.closest("[data-context=cell-editor], button, a, form, input, textarea, iframe")) return;
    if (target.closest(".nb-code") && !event.shiftKey) return;
    if (event.shiftKey) ui.setState({ extentCellId: cellId });
    else if (!selected || editing) ui.setState({ selectedCellId: cellId, extentCellId: null, mode: "command" });
  };

  return (
    <li
      ref={element}
      data-cell={cellId}
      data-state={state}
      data-type={cell.cell_type}
      tabIndex={selected ? 0 : -1}
      aria-label={label}
      aria-current={selected}
      className={cx(
        "nb-cell",
        `nb-is-${state}`,
        marked && "nb-marked",
        selected && "nb-selected",
        editing && "nb-editing",
      )}
      onMouseDown={onMouseDown}
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
      onFocus={(event) => {
        if (event.target === element.current && !selected) ui.setState({ selectedCellId: cellId, extentCellId: null });
      }}
    >
      <div className="nb-rail" aria-hidden />
      <PeersHere peers={view.peers} />
      {cell.cell_type === "markdown" && !editing ? (
        <MarkdownCell view={view} tools={tools} onEdit={() => actions.select(cellId, "edit")} />
      ) : (
        <>
          <div className="nb-in">
            {cell.cell_type === "code" ? (
              <>
                <GutterMark view={view} />
                <span>In</span>
                <strong>{numberOf(view) ?? ""}</strong>
              </>
            ) : (
              <span>{cell.cell_type === "raw" ? "Raw" : "Text"}</span>
            )}
          </div>
          <div className="nb-src">
            <CellSource view={view} editing={editing} label={label} />
            <div className="nb-bar">
              {cell.cell_type === "code" ? language?.problemMark(cellId) : null}
              {cell.cell_type === "code" ? <CellStateMark view={view} /> : null}
              {tools}
            </div>
          </div>
        </>
      )}
      <CellNoticeLine view={view} />
      {view.execution?.breakpoints ? <BreakpointLine execution={view.execution} /> : null}
      {cell.outputs.length > 0 || view.prompts.length > 0 ? (
        <>
          <div className="nb-outn">
            {numberOf(view) === null ? null : (
              <>
                <span>Out</span>
                <strong>{numberOf(view)}</strong>
              </>
            )}
          </div>
          <div className="nb-out">
            <OutputList outputs={cell.outputs} />
            {view.prompts.map((prompt) => (
              <OnePrompt key={prompt.id} prompt={prompt} />
            ))}
          </div>
        </>
      ) : null}
    </li>
  );
});

function OnePrompt({ prompt }: { prompt: Prompt }) {
  if (!prompt.form) return <PromptForm prompt={prompt} />;
  return (
    <Suspense fallback={null}>
      <QuestionForm prompt={prompt} form={prompt.form} />
    </Suspense>
  );
}

/** The number of the run under way, else that of the last one. */
function numberOf({ cell, execution, state }: CellView): number | null {
  return (state === "running" ? execution?.executionCount : null) ?? cell.execution_count;
}

function labelOf(view: CellView, position: number, total: number): string {
  const { cell } = view;
  const place = `${position} of ${total}`;
  if (cell.cell_type !== "code") return `${cell.cell_type === "raw" ? "Raw" : "Text"} cell ${place}`;
  const number = numberOf(view);
  const count = number === null ? "" : `, In ${number}`;
  return `Code cell ${place}${count}, ${stateWords(view)}`;
}

/** In command mode the cell itself has the focus, unless somebody is busy outside of the notebook. */
function useCellFocus(element: React.RefObject<HTMLLIElement | null>, { focused }: { focused: boolean }): void {
  useEffect(() => {
    if (!focused || !element.current) return;
    const { activeElement } = document;
    const inside =
      activeElement === null || activeElement === document.body || activeElement.closest("[data-notebook]");
    if (
      inside &&
      !activeElement?.closest(
        `[data-cell="${element.current.dataset.cell}"] :is(form, input, button, select, textarea)`,
      )
    )
      element.current.focus({ preventScroll: true });
  }, [focused, element]);
}

interface MarkdownCellProps {
  view: CellView;
  tools: React.ReactNode;
  onEdit: () => void;
}

function MarkdownCell({ view, tools, onEdit }: MarkdownCellProps) {
  const { cell, source } = view;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Enter on the cell does the same
    <div className="nb-md-cell" onDoubleClick={onEdit}>
      {source.trim() === "" ? (
        <p className="nb-placeholder">Empty text cell. Press Enter to write.</p>
      ) : (
        <Suspense fallback={<pre className="nb-md-plain">{source}</pre>}>
          <Markdown source={source} {...(cell.attachments ? { attachments: cell.attachments } : {})} />
        </Suspense>
      )}
      <div className="nb-bar">{tools}</div>
    </div>
  );
}

/** The others who are at this cell without writing in it; who writes has a caret. */
function PeersHere({ peers }: { peers: CellView["peers"] }) {
  const reading = peers.filter(({ presence }) => presence.selection === null);
  if (reading.length === 0) return null;
  return (
    <div className="nb-peers">
      {reading.slice(0, 3).map(({ clientId, userId, name }) => (
        <Avatar key={clientId} id={userId} name={name} size={14} />
      ))}
    </div>
  );
}

function CellNoticeLine({ view: { cell, notice } }: { view: CellView }) {
  const { session } = useScope();
  if (!notice) return null;
  const { action } = notice;
  return (
    <div className="nb-cell-notice" role="alert">
      <span>{notice.message}</span>
      {action ? (
        <Button
          variant="outline"
          onClick={() => {
            session.dismissCellNotice(cell.id);
            action.run();
          }}
        >
          {action.label}
        </Button>
      ) : null}
      <Button onClick={() => session.dismissCellNotice(cell.id)}>Dismiss</Button>
    </div>
  );
}
