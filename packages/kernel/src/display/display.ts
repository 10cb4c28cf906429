import { randomUUID } from "node:crypto";
import type { JsonObject, JsonValue } from "@opsbook/jupyter/codec";
import { currentExecution } from "../main/execution.ts";
import type { Reporter } from "../main/reporter.ts";
import { imageBundle, type MimeBundle, plainText, shownBundle } from "./bundle.ts";
import { boundedJson } from "./json.ts";

export interface DisplayOptions {
  /** Under this name the display can be replaced later. */
  id?: string;
  /** Replace what was shown under `id`. */
  update?: boolean;
}

export interface DisplayHandle {
  readonly id: string;
  update(value: unknown): void;
}

const handles = new WeakSet<object>();

/** Marks what shows itself already. */
export const shownByItself = (value: object): unknown => handles.add(value);

/** What `display` returns is no value worth showing once more. */
export const isDisplayHandle = (value: unknown): boolean =>
  typeof value === "object" && value !== null && handles.has(value);

/** `display` of the cells: shows a value now, in the cell whose code calls it. */
export function createDisplay(reporter: Reporter) {
  const send = (bundle: MimeBundle, options: DisplayOptions = {}): DisplayHandle => {
    const id = options.id ?? randomUUID();
    const content: JsonObject = { data: bundle.data, metadata: bundle.metadata, transient: { display_id: id } };
    const type = options.update ? "update_display_data" : "display_data";
    reporter.publish(currentExecution()?.index ?? 0, type, content);
    const handle: DisplayHandle = { id, update: (value) => void display(value, { id, update: true }) };
    shownByItself(handle);
    return handle;
  };
  const mime = (type: string) => (value: unknown, options?: DisplayOptions) =>
    send({ data: { "text/plain": String(value), [type]: String(value) }, metadata: {} }, options);
  const display = (value: unknown, options?: DisplayOptions): DisplayHandle => {
    const bundle = shownBundle(value);
    if (!(bundle instanceof Promise)) return send(bundle, options);
    // Its place is kept, and filled when the value has said how it looks.
    const handle = send({ data: { "text/plain": plainText(value) }, metadata: {} }, options);
    void bundle.then((made) => send(made, { id: handle.id, update: true }));
    return handle;
  };
  return Object.assign(display, {
    html: mime("text/html"),
    markdown: mime("text/markdown"),
    svg: mime("image/svg+xml"),
    latex: mime("text/latex"),
    json: (value: unknown, options?: DisplayOptions) => {
      const data: JsonValue = boundedJson(value);
      return send({ data: { "text/plain": JSON.stringify(data), "application/json": data }, metadata: {} }, options);
    },
    image: (bytes: Uint8Array, options?: DisplayOptions) => {
      const bundle = imageBundle(bytes);
      if (!bundle) throw new TypeError("display.image takes the bytes of a PNG, JPEG, GIF or WebP.");
      return send(bundle, options);
    },
    /** A bundle as it is, MIME type to data. */
    raw: send,
  });
}

export type Display = ReturnType<typeof createDisplay>;

export function createClearOutput(reporter: Reporter) {
  return (options: { wait?: boolean } = {}): void => {
    reporter.publish(currentExecution()?.index ?? 0, "clear_output", { wait: options.wait ?? false });
  };
}
