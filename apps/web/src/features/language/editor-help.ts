import { sourceHash } from "@opsbook/notebook/session";
import type { editor, IPosition } from "monaco-editor/editor/editor.api";
import type { Monaco } from "../../core/monaco.ts";
import { showToast } from "../../core/toasts.ts";
import { openPath } from "../../core/workspace.ts";
import { type ModelCell, routeModel, toRange } from "./providers.ts";

const OWNER = "language";

/** All that the language service does in the editor of one cell. */
export function helpEditor(monaco: Monaco, view: editor.IStandaloneCodeEditor, cell: ModelCell): () => void {
  const model = view.getModel();
  if (!model) return () => undefined;
  const { link, cellId } = cell;
  // Words of the text are no names of a value.
  view.updateOptions({ wordBasedSuggestions: "off" });
  const unroute = routeModel(monaco, model, cell);
  const mark = () => markProblems(monaco, model, cell);
  const stopProblems = link.problems.subscribe((now, before) => {
    if (now.get(cellId) !== before.get(cellId)) mark();
  });
  mark();
  const held = [
    view.addAction({
      id: "opsbook.definition",
      label: "Go to Definition",
      keybindings: [monaco.KeyCode.F12],
      contextMenuGroupId: "navigation",
      contextMenuOrder: 1,
      run: () => goToDefinition(view, cell, view.getPosition()),
    }),
    view.addAction({
      id: "opsbook.next-problem",
      label: "Go to Next Problem",
      keybindings: [monaco.KeyCode.F8],
      contextMenuGroupId: "navigation",
      contextMenuOrder: 2,
      run: () => goToNextProblem(monaco, view),
    }),
    ...followWithMouse(monaco, view, cell),
  ];
  return () => {
    stopProblems();
    for (const one of held) one.dispose();
    unroute();
  };
}

function markProblems(monaco: Monaco, model: editor.ITextModel, { link, cellId }: ModelCell): void {
  const found = link.problems.getState().get(cellId);
  // Marks of an older text move along with it until the new ones come.
  if (!found || model.isDisposed() || found.sourceHash !== sourceHash(model.getValue())) return;
  const markers = found.problems.map(
    ({ start, end, severity, message, code }): editor.IMarkerData => ({
      ...toRange(model, { start, end }),
      message,
      severity: severity === "error" ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning,
      ...(code === null ? {} : { source: "ts", code: String(code) }),
    }),
  );
  monaco.editor.setModelMarkers(model, OWNER, markers);
}

async function goToDefinition(
  view: editor.IStandaloneCodeEditor,
  { scope, link, cellId }: ModelCell,
  position: IPosition | null,
): Promise<void> {
  const model = view.getModel();
  if (!model || !position) return;
  const offset = model.getOffsetAt(position);
  const { result } = await link.ask<"definition">({ type: "definition", cellId, offset });
  const target = result?.targets[0];
  switch (target?.in) {
    case undefined:
      showToast({ tone: "info", text: "No declaration of this was found." });
      break;
    case "cell":
      if (target.cellId !== cellId) scope.actions.select(target.cellId, "edit", target.start);
      else {
        view.setSelection(toRange(model, target));
        view.focus();
      }
      break;
    case "file":
      openPath(target.path);
      break;
    case "elsewhere":
      showToast({ tone: "info", text: `It is declared in ${target.name}, outside of the served folder.` });
      break;
  }
}

function goToNextProblem(monaco: Monaco, view: editor.IStandaloneCodeEditor): void {
  const model = view.getModel();
  const at = view.getPosition();
  if (!model || !at) return;
  const markers = monaco.editor
    .getModelMarkers({ owner: OWNER, resource: model.uri })
    .toSorted((a, b) => a.startLineNumber - b.startLineNumber || a.startColumn - b.startColumn);
  const isBehind = ({ startLineNumber: line, startColumn: column }: editor.IMarker) =>
    line > at.lineNumber || (line === at.lineNumber && column > at.column);
  const next = markers.find(isBehind) ?? markers[0];
  if (!next) return;
  view.setPosition({ lineNumber: next.startLineNumber, column: next.startColumn });
  view.trigger(OWNER, "editor.action.showHover", { focus: "noAutoFocus" });
}

/** With Ctrl or Cmd a name under the pointer is a link to where it is declared. */
function followWithMouse(monaco: Monaco, view: editor.IStandaloneCodeEditor, cell: ModelCell) {
  const links = view.createDecorationsCollection();
  const follows = ({ ctrlKey, metaKey }: { ctrlKey: boolean; metaKey: boolean }) => ctrlKey || metaKey;
  const isText = monaco.editor.MouseTargetType.CONTENT_TEXT;
  return [
    view.onMouseMove(({ event, target }) => {
      const word =
        follows(event) && target.type === isText && target.position
          ? view.getModel()?.getWordAtPosition(target.position)
          : null;
      if (!word || !target.position) return links.clear();
      const { lineNumber } = target.position;
      links.set([
        {
          range: new monaco.Range(lineNumber, word.startColumn, lineNumber, word.endColumn),
          options: { inlineClassName: "nb-definition-link" },
        },
      ]);
    }),
    view.onKeyUp(() => links.clear()),
    view.onMouseLeave(() => links.clear()),
    view.onMouseDown(({ event, target }) => {
      if (!follows(event) || !event.leftButton || target.type !== isText) return;
      event.preventDefault();
      void goToDefinition(view, cell, target.position);
    }),
  ];
}
