import { diffText } from "@opsbook/notebook/session";
import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { settingsStore } from "../../core/settings.ts";
import { useScope } from "../notebook/notebook-context.ts";
import { contentLeft } from "./code-metrics.ts";

export interface PlainEditorProps {
  cellId: string;
  label: string;
  /** Where the caret begins, and is kept for the editor that follows. */
  caret: React.RefObject<number | null>;
  readOnly: boolean;
}

/** Takes the typing until the editor has been fetched, in the same place and of the same size. */
export function PlainEditor(props: PlainEditorProps) {
  const { cellId, label, caret, readOnly } = props;
  const { session, actions } = useScope();
  const area = useRef<HTMLTextAreaElement>(null);
  const fontSize = useStore(settingsStore, (settings) => settings.codeFontSize);
  const [text, setText] = useState(() => session.texts.textOf(cellId) ?? "");
  const edit = useRef<(next: string) => void>(() => undefined);

  useEffect(() => {
    const handle = session.texts.open(cellId);
    actions.text = handle;
    setText(handle.text);
    edit.current = (next) => {
      handle.edit(diffText(handle.text, next.replaceAll("\r\n", "\n")));
      setText(handle.text);
    };
    const stop = handle.onRemote(() => setText(handle.text));
    return () => {
      stop();
      handle.release();
      if (actions.text === handle) actions.text = null;
    };
  }, [cellId, session, actions]);

  useEffect(() => {
    const element = area.current;
    if (!element) return;
    element.focus({ preventScroll: true });
    const at = caret.current ?? element.value.length;
    element.setSelectionRange(at, at);
  }, [caret]);

  const lines = text.split("\n").length;
  const left = contentLeft(lines, fontSize);
  return (
    <div className="nb-editor" data-context="cell-editor">
      <textarea
        ref={area}
        className="nb-plain"
        aria-label={label}
        spellCheck={false}
        readOnly={readOnly}
        rows={lines}
        value={text}
        style={{ fontSize, paddingLeft: left }}
        onChange={(event) => edit.current(event.target.value)}
        onSelect={(event) => {
          caret.current = event.currentTarget.selectionStart;
        }}
      />
    </div>
  );
}
