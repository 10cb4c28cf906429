import * as monaco from "monaco-editor/editor/editor.api";
// The feature "suggest" brings everything but the list itself.
import "monaco-editor/editor/contrib/suggest/browser/suggestController";
import EditorWorker from "monaco-editor/editor/editor.worker?worker";
import "monaco-editor/features/bracketMatching/register";
import "monaco-editor/features/caretOperations/register";
import "monaco-editor/features/clipboard/register";
import "monaco-editor/features/comment/register";
import "monaco-editor/features/contextmenu/register";
import "monaco-editor/features/cursorUndo/register";
import "monaco-editor/features/find/register";
import "monaco-editor/features/folding/register";
import "monaco-editor/features/hover/register";
import "monaco-editor/features/indentation/register";
import "monaco-editor/features/lineSelection/register";
import "monaco-editor/features/linesOperations/register";
import "monaco-editor/features/links/register";
import "monaco-editor/features/multicursor/register";
import "monaco-editor/features/parameterHints/register";
import "monaco-editor/features/rename/register";
import "monaco-editor/features/smartSelect/register";
import "monaco-editor/features/snippet/register";
import "monaco-editor/features/suggest/register";
import "monaco-editor/features/toggleTabFocusMode/register";
import "monaco-editor/features/unicodeHighlighter/register";
import "monaco-editor/features/wordHighlighter/register";
import "monaco-editor/features/wordOperations/register";
import "monaco-editor/languages/definitions/javascript/register";
import "monaco-editor/languages/definitions/markdown/register";
import "monaco-editor/languages/definitions/python/register";
import "monaco-editor/languages/definitions/shell/register";
import "monaco-editor/languages/definitions/sql/register";
import "monaco-editor/languages/definitions/typescript/register";
import "monaco-editor/languages/definitions/yaml/register";
import type { Theme } from "./settings.ts";

export { monaco };

globalThis.MonacoEnvironment = { getWorker: () => new EditorWorker() };

/** The page's tokens as an editor theme; they are in OKLCH, which the editor does not read. */
export function applyTheme(theme: Theme): void {
  const hex = (token: string) => tokenColour(token).slice(0, 7);
  const rule = (token: string, colour: string) => ({ token, foreground: hex(colour).slice(1) });
  monaco.editor.defineTheme("opsbook", {
    base: theme === "dark" ? "vs-dark" : "vs",
    inherit: false,
    rules: [
      rule("", "--p"),
      rule("keyword", "--k"),
      rule("string", "--s"),
      rule("regexp", "--s"),
      rule("number", "--n"),
      rule("comment", "--c"),
      rule("type", "--ty"),
      rule("identifier", "--p"),
      rule("delimiter", "--p"),
      rule("variable", "--f"),
      rule("tag", "--k"),
      rule("attribute", "--f"),
      rule("annotation", "--f"),
      rule("predefined", "--f"),
    ],
    colors: {
      "editor.background": "#00000000",
      "editor.foreground": hex("--p"),
      "editorLineNumber.foreground": hex("--fg-4"),
      "editorLineNumber.activeForeground": hex("--fg-3"),
      "editorCursor.foreground": hex("--accent"),
      "editor.selectionBackground": `${hex("--accent")}50`,
      "editor.inactiveSelectionBackground": `${hex("--accent")}28`,
      "editor.wordHighlightBackground": `${hex("--accent")}22`,
      "editorBracketMatch.background": `${hex("--accent")}30`,
      "editorBracketMatch.border": "#00000000",
      "scrollbar.shadow": "#00000000",
      "scrollbarSlider.background": `${hex("--fg-4")}55`,
      "scrollbarSlider.hoverBackground": `${hex("--fg-4")}88`,
      "scrollbarSlider.activeBackground": `${hex("--fg-4")}aa`,
      "editorError.foreground": hex("--fail"),
      "editorWarning.foreground": hex("--stale"),
      "editorWidget.background": hex("--bg-raise"),
      "editorWidget.foreground": hex("--fg-2"),
      "editorWidget.border": hex("--line"),
      "editorHoverWidget.background": hex("--bg-raise"),
      "editorHoverWidget.foreground": hex("--fg"),
      "editorHoverWidget.border": hex("--line"),
      "editorHoverWidget.highlightForeground": hex("--accent"),
      "editorSuggestWidget.foreground": hex("--fg-2"),
      "editorSuggestWidget.highlightForeground": hex("--accent"),
      "editorSuggestWidget.focusHighlightForeground": hex("--accent"),
      "editorSuggestWidget.selectedForeground": hex("--fg"),
      "editorSuggestWidget.selectedBackground": `${hex("--accent")}40`,
      "textCodeBlock.background": "#00000000",
      "textLink.foreground": hex("--accent"),
      "input.background": hex("--bg-cell"),
      "input.foreground": hex("--fg"),
      focusBorder: hex("--accent"),
    },
  });
  monaco.editor.setTheme("opsbook");
}

const canvas = document.createElement("canvas");
canvas.width = 1;
canvas.height = 1;

function tokenColour(token: string): string {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return "#808080";
  context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(token).trim();
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
