import type { JsonObject } from "@opsbook/jupyter/codec";
import { imageBundle, jsonObject, plainText } from "./bundle.ts";
import type { Display, DisplayHandle, DisplayOptions } from "./display.ts";
import { boundedJson } from "./json.ts";
import { escapeHtml, MAX_ROWS, tableBundle } from "./table.ts";

/** The type JupyterLab draws too. */
const VEGA_LITE = "application/vnd.vegalite.v5+json";
const VEGA = "application/vnd.vega.v5+json";
const MERMAID = "text/vnd.mermaid";
const MAX_POINTS = 20_000;

type Row = Readonly<Record<string, unknown>>;

export interface TableOptions extends DisplayOptions {
  /** The first row to show, from 0: a table shows 10,000 at a time. */
  offset?: number;
  /** Which, and in what order. */
  columns?: readonly string[];
}

export interface ChartOptions extends DisplayOptions {
  /** The field along the bottom; the first one where it is left out. */
  x?: string;
  /** The field or fields upwards; the first one that holds numbers where it is left out. */
  y?: string | readonly string[];
  /** Lines or bars of one colour each. */
  color?: string;
  mark?: "line" | "bar" | "point" | "area" | "tick" | "rect";
  title?: string;
  /** Pixels. */
  height?: number;
}

/** `show` of the cells: a value in a form that was asked for. */
export function createShow(display: Display) {
  const text = (type: string) => (value: string, options?: DisplayOptions) =>
    display.raw({ data: { "text/plain": String(value), [type]: String(value) }, metadata: {} }, options);

  /** @throws TypeError where the rows are no objects. */
  function table(rows: Iterable<Row>, { offset = 0, columns, ...options }: TableOptions = {}): DisplayHandle {
    const list = Array.isArray(rows) ? rows : [...rows];
    const picked = list
      .slice(offset, offset + MAX_ROWS)
      .map((row) => (columns ? Object.fromEntries(columns.map((name) => [name, row[name]])) : row));
    const bundle = tableBundle(picked, plainText(picked), { total: list.length, offset });
    if (!bundle) throw new TypeError("show.table takes an array of objects, and an offset before its end.");
    return display.raw(bundle, options);
  }

  /** Draws rows as lines, bars or points. @throws TypeError where there is nothing to draw. */
  function chart(rows: Iterable<Row>, options: ChartOptions = {}): DisplayHandle {
    return vega(chartSpec([...rows], options), options);
  }

  /** A Vega-Lite or, by its `$schema`, Vega specification. Data of its own only: nothing is loaded. */
  function vega(spec: object, options?: DisplayOptions): DisplayHandle {
    const plain = jsonObject(spec);
    if (!plain) throw new TypeError("show.vega takes a Vega-Lite specification, which is an object.");
    const type = /\/vega\/v\d/.test(String(plain.$schema)) ? VEGA : VEGA_LITE;
    const title = typeof plain.title === "string" ? `: ${plain.title}` : "";
    return display.raw({ data: { "text/plain": `[Chart${title}]`, [type]: plain }, metadata: {} }, options);
  }

  /** Bytes of a PNG, JPEG, GIF or WebP. */
  function image(bytes: Uint8Array, options?: DisplayOptions & { alt?: string }): DisplayHandle {
    const bundle = imageBundle(bytes);
    if (!bundle) throw new TypeError("show.image takes the bytes of a PNG, JPEG, GIF or WebP.");
    if (options?.alt !== undefined) bundle.data["text/plain"] = options.alt;
    return display.raw(bundle, options);
  }

  /** Without dollar signs around it. */
  function latex(source: string, options?: DisplayOptions): DisplayHandle {
    const bare = source.trim().replace(/^\${1,2}([^$]*)\${1,2}$/s, "$1");
    return display.raw(
      { data: { "text/plain": bare, "text/latex": `$\\displaystyle ${bare}$` }, metadata: {} },
      options,
    );
  }

  /** A diagram in Mermaid's language. */
  function mermaid(source: string, options?: DisplayOptions): DisplayHandle {
    const data = { "text/plain": source, "text/html": `<pre>${escapeHtml(source)}</pre>`, [MERMAID]: source };
    return display.raw({ data, metadata: {} }, options);
  }

  return Object.freeze({
    ...{ table, chart, vega, image, latex, mermaid },
    html: text("text/html"),
    markdown: text("text/markdown"),
    svg: text("image/svg+xml"),
    json: display.json,
  });
}

function chartSpec(rows: readonly Row[], options: ChartOptions): JsonObject {
  const [first] = rows;
  if (typeof first !== "object" || first === null) throw new TypeError("show.chart takes an array of objects.");
  if (rows.length > MAX_POINTS)
    throw new RangeError(
      `show.chart draws at most ${MAX_POINTS} rows; these are ${rows.length}. Group or sample them.`,
    );
  const fields = Object.keys(first);
  const kind = (field: string): "quantitative" | "temporal" | "nominal" => kindOf(rows.map((row) => row[field]));
  const { x = fields[0], y, color, mark = "line", title, height = 220 } = options;
  const upwards = y ?? fields.find((field) => field !== x && kind(field) === "quantitative");
  if (x === undefined || upwards === undefined || upwards.length === 0)
    throw new TypeError('show.chart found no field of numbers. Name them: { x: "time", y: "load" }.');
  const missing = [x, upwards, color ?? []].flat().find((field) => !fields.includes(field));
  if (missing !== undefined) throw new TypeError(`The rows have no field ${missing}; they have ${fields.join(", ")}.`);
  // A dot or bracket in a field's name is a path in Vega-Lite.
  const named = (field: string): string => field.replace(/[.[\]\\]/g, "\\$&");
  const several = typeof upwards === "object";
  const used = new Set([x, upwards, color ?? []].flat());
  const values = rows.map((row) =>
    boundedJson(Object.fromEntries([...used].map((field) => [field, row[field] ?? null]))),
  );
  const encoding: JsonObject = {
    x: { field: named(x), type: mark === "bar" && kind(x) === "quantitative" ? "ordinal" : kind(x), title: x },
    y: several
      ? { field: "value", type: "quantitative", title: null }
      : { field: named(upwards), type: kind(upwards), title: upwards },
  };
  const series = several ? "series" : color;
  if (series !== undefined)
    encoding.color = { field: several ? series : named(series), type: "nominal", title: series };
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v5.json",
    ...(title === undefined ? {} : { title }),
    ...{ width: "container", height, data: { values }, mark: { type: mark, tooltip: true }, encoding },
    ...(several ? { transform: [{ fold: upwards.map(named), as: ["series", "value"] }] } : {}),
  };
}

function kindOf(values: readonly unknown[]): "quantitative" | "temporal" | "nominal" {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (known.length > 0 && known.every((value) => typeof value === "number" || typeof value === "bigint"))
    return "quantitative";
  const time = (value: unknown): boolean =>
    value instanceof Date || (typeof value === "string" && /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d|$)/.test(value));
  return known.length > 0 && known.every(time) ? "temporal" : "nominal";
}
