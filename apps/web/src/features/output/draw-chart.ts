import embed, { type VisualizationSpec } from "vega-embed";
import { expressionInterpreter } from "vega-interpreter";
import type { JsonValue } from "./mime.ts";

/**
 * The specification is the kernel's and not ours: its expressions are interpreted and never compiled, and it loads
 * nothing, neither data nor pictures nor links, with this page's cookie.
 */
const closed = {
  load: () => Promise.reject(new Error("A chart shows the data it brings and loads nothing.")),
  sanitize: () => Promise.reject(new Error("A chart has no links.")),
  http: () => Promise.reject(new Error("A chart loads nothing.")),
  file: () => Promise.reject(new Error("A chart loads nothing.")),
};

/** Draws in the page's colours. Resolves with what takes the chart away again. */
export async function drawChart(element: HTMLElement, spec: JsonValue): Promise<() => void> {
  if (typeof spec !== "object" || spec === null || Array.isArray(spec)) throw new Error("it is no specification.");
  // Options of the embedder itself could be set from inside.
  const { usermeta: _theirs, ...own } = spec;
  const result = await embed(element, own as unknown as VisualizationSpec, {
    ...{ actions: false, ast: true, expr: expressionInterpreter, renderer: "svg", loader: closed },
    ...{ config: themeConfig(element), tooltip: { theme: "custom" } },
  });
  return () => result.finalize();
}

function themeConfig(element: HTMLElement) {
  const style = getComputedStyle(element);
  const token = (name: string): string => toRgb(style.getPropertyValue(name).trim());
  const [text, dim, line] = [token("--fg"), token("--fg-2"), token("--line")];
  const font = style.getPropertyValue("--ui");
  const colors = ["--run", "--n", "--ok", "--k", "--fail", "--stale", "--ty", "--queue"].map(token);
  const labels = { labelColor: dim, titleColor: dim, labelFont: font, titleFont: font, titleFontWeight: 500 as const };
  return {
    ...{ background: "transparent", font },
    title: { color: text, font, fontSize: 13, anchor: "start" as const },
    axis: { ...labels, gridColor: line, domainColor: line, tickColor: line },
    legend: labels,
    header: labels,
    view: { stroke: "transparent" },
    range: { category: colors },
    mark: { color: colors[0] ?? "steelblue" },
    text: { color: text },
  };
}

/** Vega reads no OKLCH colours: a canvas turns them into what it knows. */
function toRgb(color: string): string {
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return "gray";
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return `rgb(${red},${green},${blue})`;
}
