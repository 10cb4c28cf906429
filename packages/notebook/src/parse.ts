/**
 * `.ipynb` text → `Notebook`. Reads nbformat 4.0–4.5 (later minors with a warning), repairs what has one
 * sensible repair and says so, refuses the rest with the JSON path of the fault.
 */
import { CellIdMaker, isCellId } from "./cell-id.ts";
import { FormBuilder, isObject, SOURCE_RULE } from "./form.ts";
import { readJson } from "./json-read.ts";
import { orderedKeys, untagKey } from "./json-tags.ts";
import { detectLayout, JUPYTER_LAYOUT } from "./json-write.ts";
import type { Cell, JsonObject, JsonValue, Notebook } from "./model.ts";
import { readOutput } from "./parse-output.ts";
import {
  asObject,
  InvalidNotebook,
  type ParseFailureCode,
  type ParseWarning,
  readBundle,
  readCount,
  readMetadata,
  Warnings,
  warnUnknown,
  wholeNumber,
} from "./parse-parts.ts";
import { joinLines, normalizeNewlines } from "./text.ts";

export type ParseResult =
  | { ok: true; notebook: Notebook; warnings: ParseWarning[] }
  | { ok: false; code: ParseFailureCode; message: string; line?: number; column?: number; path?: string };

const CELL_KEYS = ["id", "cell_type", "source", "metadata"];
const NOTEBOOK_KEYS = ["nbformat", "nbformat_minor", "metadata", "cells"];

/** Reads a notebook file. Never throws: every fault of the text is an answer. */
export function parseNotebook(text: string): ParseResult {
  if (text.trim() === "") return { ok: false, code: "empty", message: "The file is empty, so it is no notebook." };
  const json = readJson(text);
  if (!json.ok) {
    const { code, line, column } = json;
    if (/^<{7} /m.test(text) && /^>{7} /m.test(text)) {
      const message =
        "The file holds unresolved git merge conflicts (<<<<<<< … >>>>>>>). Resolve them, then open it again.";
      return { ok: false, code: "merge-conflict", message, line, column };
    }
    return {
      ok: false,
      code,
      message: `The file is not valid JSON: line ${line}, column ${column}: ${json.message}.`,
      line,
      column,
    };
  }
  const warnings = new Warnings();
  try {
    const notebook = readNotebook(json.value, warnings);
    const layout = detectLayout(text, json);
    const same = Object.entries(JUPYTER_LAYOUT).every(
      ([key, value]) => key === "comma" || layout[key as keyof typeof layout] === value,
    );
    if (!same) notebook.form = { ...notebook.form, layout: { ...layout } };
    return { ok: true, notebook, warnings: warnings.all() };
  } catch (error) {
    if (!(error instanceof InvalidNotebook)) throw error;
    const message =
      error.code === "invalid-notebook"
        ? `The file is not a valid notebook: ${error.path}: ${error.message}.`
        : error.message;
    return { ok: false, code: error.code, message, path: error.path };
  }
}

function readNotebook(value: JsonValue, warnings: Warnings): Notebook {
  const object = asObject(value, "$");
  const minor = readVersion(object, warnings);
  if (!Array.isArray(object.cells)) throw new InvalidNotebook("$.cells", "must be a list of cells");
  const form = new FormBuilder(object, NOTEBOOK_KEYS);
  warnUnknown(object, { known: NOTEBOOK_KEYS, path: "$", warnings });
  const notebook: Notebook = {
    nbformat: 4,
    nbformat_minor: Math.max(minor, 5),
    metadata: readMetadata(object, "$", warnings),
    cells: object.cells.map((cell, at) => readCell(cell, `$.cells[${at}]`, warnings)),
    ...form.done(),
  };
  settleIds(notebook.cells, { written: object.cells, minor, warnings });
  return notebook;
}

function readVersion(object: JsonObject, warnings: Warnings): number {
  const major = wholeNumber(object.nbformat);
  const minor = wholeNumber(object.nbformat_minor);
  if (major === undefined)
    throw new InvalidNotebook("$.nbformat", "must be the whole number 4; this JSON file is no notebook");
  if (major < 4) {
    const fix = "Convert it first: jupyter nbconvert --to notebook --nbformat 4 FILE";
    throw new InvalidNotebook(
      "$.nbformat",
      `This notebook is in the old format ${major}; formats 4.0 to 4.5 can be opened. ${fix}`,
      "unsupported-version",
    );
  }
  if (major > 4) {
    const fix = "Save it as format 4 in the program that made it, or update Opsbook.";
    throw new InvalidNotebook(
      "$.nbformat",
      `This notebook is in format ${major}, newer than the 4.5 known here. ${fix}`,
      "unsupported-version",
    );
  }
  if (minor === undefined) throw new InvalidNotebook("$.nbformat_minor", "must be a whole number");
  if (minor < 5)
    warnings.add(
      "upgraded",
      "$.nbformat_minor",
      `format 4.${minor} becomes 4.5 when the notebook is saved: cells get ids`,
    );
  if (minor > 5)
    warnings.add(
      "newer-minor",
      "$.nbformat_minor",
      `format 4.${minor} is newer than the 4.5 known here; what is unknown is kept`,
    );
  return minor;
}

function readCell(value: JsonValue, path: string, warnings: Warnings): Cell {
  const object = asObject(value, path);
  const type = object.cell_type;
  if (type !== "code" && type !== "markdown" && type !== "raw") {
    throw new InvalidNotebook(`${path}.cell_type`, 'must be "code", "markdown" or "raw"');
  }
  const written = object.source ?? "";
  const joined = joinLines(written);
  if (joined === undefined) throw new InvalidNotebook(`${path}.source`, "must be a text or a list of texts");
  if (object.source === undefined) warnings.add("missing", `${path}.source`, "taken as empty");
  const known = [...CELL_KEYS, ...(type === "code" ? ["execution_count", "outputs"] : ["attachments"])];
  const form = new FormBuilder(object, known);
  warnUnknown(object, { known, path, warnings });
  form.text("source", written, SOURCE_RULE);
  const base = { id: "", source: normalizeNewlines(joined), metadata: readMetadata(object, path, warnings) };
  if (type !== "code") {
    const attachments =
      object.attachments === undefined
        ? {}
        : { attachments: readAttachments(object.attachments, `${path}.attachments`, form) };
    return { cell_type: type, ...base, ...attachments, ...form.done() };
  }
  if (object.outputs === undefined) warnings.add("missing", `${path}.outputs`, "taken as an empty list");
  const outputs = object.outputs ?? [];
  if (!Array.isArray(outputs)) throw new InvalidNotebook(`${path}.outputs`, "must be a list of outputs");
  return {
    cell_type: type,
    ...base,
    execution_count: readCount(object.execution_count, `${path}.execution_count`, { form, warnings }),
    outputs: outputs.map((output, at) => readOutput(output, `${path}.outputs[${at}]`, warnings)),
    ...form.done(),
  };
}

function readAttachments(value: JsonValue, path: string, form: FormBuilder): JsonObject {
  const attachments = asObject(value, path);
  for (const name of orderedKeys(attachments)) {
    const where = `${path}[${JSON.stringify(untagKey(name))}]`;
    form.bundle(name, readBundle(attachments[name], where));
  }
  return attachments;
}

function settleIds(
  cells: Cell[],
  { written, minor, warnings }: { written: JsonValue[]; minor: number; warnings: Warnings },
): void {
  const idOf = (at: number) => {
    const cell = written[at];
    const id = isObject(cell) ? cell.id : undefined;
    return isCellId(id) ? id : undefined;
  };
  const maker = new CellIdMaker(cells.flatMap((_, at) => idOf(at) ?? []));
  const used = new Set<string>();
  for (const [at, cell] of cells.entries()) {
    const id = idOf(at);
    if (id !== undefined && !used.has(id)) {
      cell.id = id;
    } else {
      cell.id = maker.idFor(cell.cell_type, cell.source);
      const reason =
        id === undefined ? "missing or not made of 1 to 64 letters, digits, - and _" : `"${id}" is used twice`;
      if (minor >= 5 || id !== undefined) warnings.add("cell-id", `$.cells[${at}].id`, `${reason}; now "${cell.id}"`);
    }
    used.add(cell.id);
  }
}
