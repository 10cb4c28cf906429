import "@xterm/xterm/css/xterm.css";
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import { reportLoginNeeded, socketUrl } from "../../core/api.ts";
import { terminalExists } from "../../core/server.ts";
import { settingsStore, watchTheme } from "../../core/settings.ts";
import { hasRealGpu } from "./real-gpu.ts";
import { TerminalSocket, type TerminalState } from "./terminal-socket.ts";
import { terminalTheme } from "./terminal-theme.ts";

export interface TerminalInstance {
  fit(): void;
  focus(): void;
  retryNow(): void;
  dispose(): void;
}

export interface TerminalInstanceOptions {
  name: string;
  writable: boolean;
  /** Made by this page just now. */
  fresh: boolean;
  onState: (state: TerminalState) => void;
  onTitle: (title: string) => void;
}

const SCROLLBACK_LINES = 10_000;
const MONO = '"JetBrains Mono Variable", "JetBrains Mono", ui-monospace, monospace';

/** Copy and paste: the keys of terminals everywhere. Ctrl+C copies only while something is selected. */
function handleClipboard(term: Terminal, event: KeyboardEvent): boolean {
  if (event.type !== "keydown" || event.altKey) return true;
  const key = event.key.toLowerCase();
  const copy =
    (key === "c" && (event.metaKey || (event.ctrlKey && (event.shiftKey || term.hasSelection())))) ||
    (key === "insert" && event.ctrlKey && !event.shiftKey);
  if (copy && term.hasSelection()) {
    event.preventDefault();
    // The selection is text on our own screen; without permission the browser's own copy still works by mouse.
    void navigator.clipboard?.writeText(term.getSelection()).catch(() => undefined);
    if (!event.shiftKey) term.clearSelection();
    return false;
  }
  const paste =
    (key === "v" && (event.metaKey || (event.ctrlKey && event.shiftKey))) || (key === "insert" && event.shiftKey);
  // Left to the browser, whose paste event xterm turns into (bracketed) input.
  return !(copy || paste);
}

async function paintByGpu(term: Terminal): Promise<void> {
  if (!hasRealGpu()) return;
  const { WebglAddon } = await import("@xterm/addon-webgl");
  const addon = new WebglAddon();
  addon.onContextLoss(() => addon.dispose());
  term.loadAddon(addon);
}

/** What a terminal says by itself (xterm's ctlseqs): attributes, reports, modes, colours, strings. */
function isAnswer(text: string): boolean {
  return text.startsWith("\u001b") && /^(?:\[[?>]?[\d;]*\$?[cnRty]|[\]P])/.test(text.slice(1));
}

export function createTerminalInstance(element: HTMLElement, options: TerminalInstanceOptions): TerminalInstance {
  const term = new Terminal({
    fontFamily: MONO,
    fontSize: settingsStore.getState().terminalFontSize,
    lineHeight: 1.3,
    scrollback: SCROLLBACK_LINES,
    cursorBlink: false,
    theme: terminalTheme(),
    minimumContrastRatio: 4.5,
    screenReaderMode: false,
    // Links are never followed by a click alone.
    linkHandler: {
      activate: (event, uri) => {
        if ((event.ctrlKey || event.metaKey) && /^https?:\/\//i.test(uri))
          window.open(uri, "_blank", "noopener,noreferrer");
      },
      allowNonHttpProtocols: false,
    },
  });
  const fit = new FitAddon();
  term.loadAddon(fit);
  term.open(element);
  void paintByGpu(term);

  // While history is parsed, xterm would answer the questions in it (cursor position, device attributes) once more.
  // Keys pressed meanwhile are meant.
  let replaying = 0;
  const socket = new TerminalSocket({
    url: socketUrl(`api/opsbook/terminals/${encodeURIComponent(options.name)}/socket`),
    onData: (bytes, { history, done }) => {
      if (history) replaying += 1;
      term.write(bytes, () => {
        if (history) replaying -= 1;
        done();
      });
    },
    onGap: () => term.reset(),
    exists: () => terminalExists(options.name),
    writable: options.writable,
    fresh: options.fresh,
    onState: (state) => {
      term.options.disableStdin = state.kind !== "online" || !state.writable;
      if (state.kind === "closed" && state.loginNeeded) reportLoginNeeded();
      options.onState(state);
    },
  });

  const encoder = new TextEncoder();
  term.onData((text) => {
    if (replaying === 0 || !isAnswer(text)) socket.send(encoder.encode(text));
  });
  term.onBinary((text) => {
    if (replaying === 0) socket.send(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  });
  term.onTitleChange(options.onTitle);
  term.onResize(({ cols, rows }) => socket.resize(cols, rows));
  term.attachCustomKeyEventHandler((event) => handleClipboard(term, event));

  const doFit = (): void => {
    // A hidden element has no size; fitting to it would shrink the program's screen to nothing.
    if (element.clientWidth > 0 && element.clientHeight > 0) fit.fit();
  };
  doFit();
  socket.resize(term.cols, term.rows);
  // Cells were measured with a fallback font if ours was not there yet.
  void document.fonts.load(`12px ${MONO}`).then(() => {
    term.options.fontFamily = `${MONO}, monospace`;
    doFit();
  });

  let frame = 0;
  const observer = new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(doFit);
  });
  observer.observe(element);
  const unwatchTheme = watchTheme(() => {
    // The attribute that the tokens hang on is set by the app's own watcher, which may come after this one.
    queueMicrotask(() => {
      term.options.theme = terminalTheme();
    });
  });
  const unwatchSettings = settingsStore.subscribe(({ terminalFontSize }) => {
    if (term.options.fontSize === terminalFontSize) return;
    term.options.fontSize = terminalFontSize;
    doFit();
  });
  const onOnline = (): void => socket.retryNow();
  window.addEventListener("online", onOnline);
  document.addEventListener("visibilitychange", onOnline);

  return {
    fit: doFit,
    focus: () => term.focus(),
    retryNow: onOnline,
    dispose() {
      cancelAnimationFrame(frame);
      observer.disconnect();
      unwatchTheme();
      unwatchSettings();
      window.removeEventListener("online", onOnline);
      document.removeEventListener("visibilitychange", onOnline);
      socket.dispose();
      term.dispose();
    },
  };
}
