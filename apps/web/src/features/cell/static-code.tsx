import { useEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { editorLanguage } from "../../core/monaco.ts";
import { settingsStore } from "../../core/settings.ts";
import { useLanguage } from "../notebook/notebook-context.ts";
import { CODE_PADDING, characterWidth, contentLeft, LINE_HEIGHT, NUMBERS_WIDTH_GAP } from "./code-metrics.ts";
import { colorizeWhenNear } from "./colorizer.ts";

export interface StaticCodeProps {
  cellId: string;
  text: string;
  language: string;
  placeholder?: string;
  /** A click into the text, as an offset of it. */
  onCaret?: (offset: number) => void;
}

/** Code as it is read: plain at first, coloured once it is near the screen, as high as its editor would be. */
export function StaticCode({ cellId, text, language, placeholder, onCaret }: StaticCodeProps) {
  const element = useRef<HTMLDivElement>(null);
  const [colored, setColored] = useState<{ text: string; html: string } | null>(null);
  const fontSize = useStore(settingsStore, (settings) => settings.codeFontSize);
  const lines = text.split("\n");
  const left = contentLeft(lines.length, fontSize);
  useEffect(() => {
    if (!element.current || text === "") return undefined;
    return colorizeWhenNear(element.current, {
      text,
      language: editorLanguage(language),
      done: (html) => setColored({ text, html }),
    });
  }, [text, language]);

  const help = useLanguage();
  const html = colored?.text === text ? colored.html : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text or colouring is another element
  useEffect(() => {
    const shown = element.current?.querySelector<HTMLElement>(".nb-text");
    return shown && text !== "" ? help?.underline(shown, cellId) : undefined;
  }, [help, cellId, text, html]);

  const onMouseDown = (event: React.MouseEvent<HTMLDivElement>) => {
    if (!onCaret || event.button !== 0 || event.shiftKey) return;
    const { clientX, clientY, currentTarget } = event;
    const box = currentTarget.getBoundingClientRect();
    const line = Math.floor((clientY - box.top - CODE_PADDING) / LINE_HEIGHT);
    const column = Math.round((clientX - box.left - left + currentTarget.scrollLeft) / characterWidth(fontSize));
    // On the window: the cell's buttons may come up under the pointer meanwhile.
    const onMouseUp = (up: MouseEvent) => {
      const dragged = Math.hypot(up.clientX - clientX, up.clientY - clientY) > 4;
      // A drag selects text for copying.
      if (!dragged && window.getSelection()?.isCollapsed !== false) onCaret(offsetAt(lines, line, column));
    };
    window.addEventListener("mouseup", onMouseUp, { once: true });
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the cell around it has the keyboard's way in (Enter)
    <div
      ref={element}
      className="nb-code"
      style={{ fontSize, height: lines.length * LINE_HEIGHT + 2 * CODE_PADDING }}
      onMouseDown={onMouseDown}
    >
      <div className="nb-lines" aria-hidden style={{ width: left - NUMBERS_WIDTH_GAP }}>
        {lines.map((_line, index) => index + 1).join("\n")}
      </div>
      {html !== null ? (
        // biome-ignore lint/security/noDangerouslySetInnerHtml: made by the editor's tokenizer, which escapes the text
        <pre className="nb-text" style={{ paddingLeft: left }} dangerouslySetInnerHTML={{ __html: html }} />
      ) : (
        <pre className="nb-text" style={{ paddingLeft: left }}>
          {text === "" && placeholder ? <span className="nb-placeholder">{placeholder}</span> : text}
          {"\n"}
        </pre>
      )}
    </div>
  );
}

function offsetAt(lines: readonly string[], line: number, column: number): number {
  const row = Math.min(Math.max(0, line), lines.length - 1);
  const before = lines.slice(0, row).reduce((sum, text) => sum + text.length + 1, 0);
  return before + Math.min(Math.max(0, column), lines[row]!.length);
}
