import type { ITheme } from "@xterm/xterm";

/** Reads a colour token as xterm can parse it (it knows no OKLCH): painted on one pixel and read back. */
function readColor(context: CanvasRenderingContext2D, value: string): string {
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = "#000";
  context.fillStyle = value;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0, alpha = 255] = context.getImageData(0, 0, 1, 1).data;
  return `rgba(${red},${green},${blue},${(alpha / 255).toFixed(3)})`;
}

/** The sixteen colours from our tokens, for whatever theme is shown now. */
export function terminalTheme(): ITheme {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return {};
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => readColor(context, style.getPropertyValue(name));
  const faint = (name: string, alpha: number): string => token(name).replace(/[\d.]+\)$/, `${alpha})`);
  const light = document.documentElement.dataset.theme === "light";
  const red = token("--fail");
  const green = token("--ok");
  const yellow = token("--stale");
  const blue = token("--f");
  const magenta = token("--k");
  const cyan = token("--ty");
  return {
    background: token("--bg-canvas"),
    foreground: token("--fg-2"),
    cursor: token("--fg"),
    cursorAccent: token("--bg-canvas"),
    selectionBackground: faint("--accent", 0.34),
    scrollbarSliderBackground: faint("--fg-4", 0.3),
    scrollbarSliderHoverBackground: faint("--fg-4", 0.5),
    scrollbarSliderActiveBackground: faint("--fg-4", 0.6),
    overviewRulerBorder: token("--bg-canvas"),
    black: light ? token("--fg") : token("--bg-raise"),
    red,
    green,
    yellow,
    blue,
    magenta,
    cyan,
    // White text must be readable on a light ground, black on a dark one: both are the grey next to it.
    white: light ? token("--fg-3") : token("--fg-2"),
    brightBlack: token("--fg-3"),
    brightRed: red,
    brightGreen: green,
    brightYellow: yellow,
    brightBlue: blue,
    brightMagenta: magenta,
    brightCyan: cyan,
    brightWhite: token("--fg"),
  };
}
