import type { editor } from "monaco-editor/editor/editor.api";
import { useEffect, useRef, useState } from "react";
import { editorLanguage, type Monaco } from "../../core/monaco.ts";
import type { Peer } from "../../core/session/cell-views.ts";
import { settingsStore } from "../../core/settings.ts";
import { useLanguage, useScope } from "../notebook/notebook-context.ts";
import { CODE_PADDING, LINE_HEIGHT, lineNumberChars, NUMBERS_WIDTH_GAP } from "./code-metrics.ts";
import { bindModel } from "./editor-binding.ts";
import { RemoteCarets } from "./remote-carets.ts";

export interface MonacoCellProps {
  monaco: Monaco;
  cellId: string;
  language: string;
  label: string;
  prose: boolean;
  readOnly: string | null;
  peers: readonly Peer[];
  /** Where the caret goes first, as an offset; null: at the end. */
  caret: number | null;
  onFocusLost?: () => void;
}

/** The editor of the one cell being edited. It is made when editing begins and gone when it ends. */
export function MonacoCell(props: MonacoCellProps) {
  const { monaco, cellId, peers } = props;
  const { session, actions, ui } = useScope();
  const language = useLanguage();
  const [shown, setShown] = useState<editor.IStandaloneCodeEditor | null>(null);
  const container = useRef<HTMLDivElement>(null);
  const carets = useRef<RemoteCarets | null>(null);
  // What the editor starts with; later changes of these are not reasons to make a new one.
  const start = useRef(props);

  useEffect(() => {
    const element = container.current;
    if (!element) return undefined;
    const { language, prose, label, readOnly, caret } = start.current;
    const handle = session.texts.open(cellId);
    actions.text = handle;
    const model = monaco.editor.createModel(handle.text, editorLanguage(language));
    model.setEOL(monaco.editor.EndOfLineSequence.LF);
    const view = monaco.editor.create(element, {
      ...OPTIONS,
      model,
      overflowWidgetsDomNode: overflowWidgets(),
      ariaLabel: label,
      fontSize: settingsStore.getState().codeFontSize,
      wordWrap: prose ? "on" : "off",
      lineNumbersMinChars: lineNumberChars(model.getLineCount()),
      readOnly: readOnly !== null,
      ...(readOnly === null ? {} : { readOnlyMessage: { value: readOnly } }),
      dimension: { width: element.clientWidth, height: model.getLineCount() * LINE_HEIGHT + 2 * CODE_PADDING },
    });
    // After the editor, whose making sets the options of all models anew.
    model.updateOptions({
      tabSize: 2,
      insertSpaces: true,
      bracketColorizationOptions: { enabled: false, independentColorPoolPerBracketType: false },
    });
    const unbind = bindModel(model, handle);
    carets.current = new RemoteCarets(monaco, view);
    const fit = () => {
      // Where lines wrap the editor knows; elsewhere its scrollbar lies in the padding and must not add to it.
      const height = prose ? view.getContentHeight() : model.getLineCount() * LINE_HEIGHT + 2 * CODE_PADDING;
      element.style.height = `${height}px`;
      view.layout({ width: element.clientWidth, height });
    };
    view.onDidContentSizeChange(fit);
    view.onDidChangeModelContent(fit);
    const resize = new ResizeObserver(fit);
    resize.observe(element);
    fit();
    const publish = () =>
      publishSelection(view, (selection) => session.setPresence({ cellId, selection, mode: "edit" }));
    view.onDidChangeCursorSelection(publish);
    view.onDidFocusEditorText(publish);
    view.onKeyDown((event) => leaveAtEdge(monaco, view, { event, step: (by) => actions.step(by, "edit") }));
    view.setPosition(model.getPositionAt(caret ?? model.getValueLength()));
    view.focus();
    // Somebody wants to be led to a place of the cell that is open already.
    const stopReveal = ui.subscribe(({ reveal }, before) => {
      if (reveal === before.reveal || reveal?.cellId !== cellId || reveal.offset === undefined) return;
      view.setPosition(model.getPositionAt(reveal.offset));
      view.focus();
    });
    const stopKeys = handOverKeys(view);
    setShown(view);
    return () => {
      setShown(null);
      stopReveal();
      stopKeys();
      resize.disconnect();
      unbind();
      carets.current = null;
      view.dispose();
      model.dispose();
      handle.breakUndo();
      handle.release();
      if (actions.text === handle) actions.text = null;
    };
  }, [monaco, cellId, session, actions, ui]);

  useEffect(() => (shown && language ? language.attach(shown, cellId) : undefined), [shown, language, cellId]);

  useEffect(() => carets.current?.show(peers), [peers]);

  return <div ref={container} className="nb-editor" data-context="cell-editor" data-testid="cell-editor" />;
}

function publishSelection(
  view: editor.IStandaloneCodeEditor,
  publish: (selection: { anchor: number; head: number }) => void,
): void {
  const selection = view.getSelection();
  const model = view.getModel();
  if (!selection || !model) return;
  publish({
    anchor: model.getOffsetAt({
      lineNumber: selection.selectionStartLineNumber,
      column: selection.selectionStartColumn,
    }),
    head: model.getOffsetAt({ lineNumber: selection.positionLineNumber, column: selection.positionColumn }),
  });
}

/** Lists and hints lie over the whole page: inside of a pane they would be cut off at its edge, and misplaced. */
function overflowWidgets(): HTMLElement {
  const known = document.getElementById(WIDGETS_ID);
  if (known) return known;
  const made = document.createElement("div");
  made.id = WIDGETS_ID;
  // The theme's colours are of elements with this class.
  made.className = "monaco-editor nb-widgets";
  return document.body.appendChild(made);
}

/** The editor listens for keys on its own element only: those pressed in its widgets go there, and nowhere else. */
function handOverKeys(view: editor.IStandaloneCodeEditor): () => void {
  const widgets = overflowWidgets();
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    const copy = new KeyboardEvent("keydown", { ...keyOf(event), bubbles: false, cancelable: true });
    if (!view.getContainerDomNode().dispatchEvent(copy)) event.preventDefault();
  };
  widgets.addEventListener("keydown", onKeyDown);
  return () => widgets.removeEventListener("keydown", onKeyDown);
}

function keyOf({ key, code, keyCode, ctrlKey, shiftKey, altKey, metaKey, repeat }: KeyboardEvent): KeyboardEventInit {
  return { key, code, keyCode, ctrlKey, shiftKey, altKey, metaKey, repeat };
}

const WIDGETS_ID = "editor-widgets";

/** Up on the first line and Down on the last go on in the neighbouring cell. */
function leaveAtEdge(
  monaco: Monaco,
  view: editor.IStandaloneCodeEditor,
  { event, step }: { event: { keyCode: number; browserEvent: KeyboardEvent }; step: (by: 1 | -1) => void },
): void {
  const { shiftKey, ctrlKey, altKey, metaKey } = event.browserEvent;
  if (shiftKey || ctrlKey || altKey || metaKey) return;
  if (overflowWidgets().querySelector(".suggest-widget.visible")) return;
  const line = view.getPosition()?.lineNumber;
  if (event.keyCode === monaco.KeyCode.UpArrow && line === 1) step(-1);
  else if (event.keyCode === monaco.KeyCode.DownArrow && line === view.getModel()?.getLineCount()) step(1);
  else return;
  event.browserEvent.preventDefault();
  event.browserEvent.stopPropagation();
}

const OPTIONS: editor.IStandaloneEditorConstructionOptions = {
  theme: "opsbook",
  fontFamily: "'JetBrains Mono Variable', 'JetBrains Mono', ui-monospace, monospace",
  fontLigatures: '"liga" 0, "calt" 0, "zero"',
  lineHeight: LINE_HEIGHT,
  padding: { top: CODE_PADDING, bottom: CODE_PADDING },
  lineDecorationsWidth: NUMBERS_WIDTH_GAP,
  glyphMargin: false,
  folding: false,
  minimap: { enabled: false },
  overviewRulerLanes: 0,
  overviewRulerBorder: false,
  hideCursorInOverviewRuler: true,
  scrollBeyondLastLine: false,
  scrollBeyondLastColumn: 2,
  renderLineHighlight: "none",
  // Static code has none of these, and the swap should not show.
  bracketPairColorization: { enabled: false },
  guides: { indentation: false, bracketPairs: false },
  matchBrackets: "near",
  occurrencesHighlight: "singleFile",
  fixedOverflowWidgets: true,
  automaticLayout: false,
  contextmenu: true,
  quickSuggestions: { other: true, comments: false, strings: false },
  wordBasedSuggestions: "currentDocument",
  scrollbar: {
    vertical: "hidden",
    horizontalScrollbarSize: 6,
    handleMouseWheel: false,
    alwaysConsumeMouseWheel: false,
  },
  unicodeHighlight: { ambiguousCharacters: true, invisibleCharacters: true, nonBasicASCII: false },
  tabSize: 2,
};
