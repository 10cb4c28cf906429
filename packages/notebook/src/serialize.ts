/** `Notebook` → `.ipynb` text: Jupyter's layout, or the layout of the file it was read from. */
import { isObject, layOut, SOURCE_RULE, spellCount, spellingIn, spellText } from "./form.ts";
import { objectFrom, orderedKeys, plainJson } from "./json-tags.ts";
import { type JsonLayout, JUPYTER_LAYOUT, writeJson } from "./json-write.ts";
import type { Cell, FileForm, JsonObject, JsonValue, MimeBundle, Notebook, Output } from "./model.ts";
import { isJsonMime, isLineMime } from "./text.ts";

/**
 * Writes a notebook as nbformat 4.5. A file that was read and not changed comes out as it was, byte for
 * byte where Jupyter or a JSON library wrote it (4.0–4.4 files gain cell ids and minor 5).
 * @throws RangeError where data of the notebook nests deeper than `MAX_DEPTH`.
 */
export function serializeNotebook(notebook: Notebook): string {
  return writeJson(fileObject(notebook), layoutOf(notebook.form));
}

/** The notebook as the JSON value of its file, for schema validation and programs that take JSON. */
export function notebookToJson(notebook: Notebook): JsonValue {
  return plainJson(fileObject(notebook));
}

function fileObject({ form, metadata, cells, nbformat_minor }: Notebook): JsonObject {
  const fields = { cells: cells.map(writeCell), metadata, nbformat: 4, nbformat_minor: Math.max(nbformat_minor, 5) };
  return layOut(fields, form);
}

function layoutOf(form: FileForm | undefined): JsonLayout {
  const held = isObject(form?.layout) ? form.layout : {};
  const space = (key: string, allowed: RegExp, usual: string) => {
    const value = held[key];
    return typeof value === "string" && allowed.test(value) ? value : usual;
  };
  return {
    indent: held.indent === null ? null : space("indent", /^[ \t]*$/, " "),
    comma: space("comma", /^,[ \t\r\n]*$/, JUPYTER_LAYOUT.comma),
    colon: space("colon", /^[ \t]*:[ \t]*$/, JUPYTER_LAYOUT.colon),
    eol: space("eol", /^\r?\n$/, "\n"),
    head: space("head", /^\ufeff?$/, ""),
    tail: space("tail", /^[ \t\r\n]*$/, "\n"),
    ascii: held.ascii === true,
  };
}

function writeCell(cell: Cell): JsonValue {
  const { form, id, cell_type, metadata } = cell;
  const source = spellText(cell.source, spellingIn(form, "fields", "source"), SOURCE_RULE);
  const base = { cell_type, id, metadata, source };
  if (cell.cell_type === "code") {
    const execution_count = spellCount(cell.execution_count, spellingIn(form, "fields", "execution_count"));
    return layOut({ ...base, execution_count, outputs: cell.outputs.map(writeOutput) }, form);
  }
  if (cell.attachments === undefined) return layOut(base, form);
  const attachments = mapValues(cell.attachments, (bundle, name) =>
    isObject(bundle) ? writeBundle(bundle, spellingIn(form, "bundles", name)) : bundle,
  );
  return layOut({ ...base, attachments }, form);
}

function writeOutput(output: Output): JsonValue {
  const { form, output_type } = output;
  switch (output.output_type) {
    case "stream": {
      const text = spellText(output.text, spellingIn(form, "fields", "text"), { list: true });
      return layOut({ name: spellName(output.name, form), output_type, text }, form);
    }
    case "display_data": {
      const data = writeBundle(output.data, spellingIn(form, "bundles", "data"));
      return layOut({ data, metadata: output.metadata, output_type }, form);
    }
    case "execute_result": {
      const data = writeBundle(output.data, spellingIn(form, "bundles", "data"));
      const execution_count = spellCount(output.execution_count, spellingIn(form, "fields", "execution_count"));
      return layOut({ data, execution_count, metadata: output.metadata, output_type }, form);
    }
    case "error": {
      const { ename, evalue, traceback } = output;
      return layOut({ ename, evalue, output_type, traceback }, form);
    }
  }
}

function spellName(name: "stdout" | "stderr", form: FileForm | undefined): string {
  const spelling = spellingIn(form, "fields", "name");
  const exact = isObject(spelling) ? spelling.exact : undefined;
  return name === "stdout" && typeof exact === "string" ? exact : name;
}

function writeBundle(bundle: MimeBundle, spellings: JsonValue | undefined): JsonObject {
  return mapValues(bundle, (value, mime) => {
    if (typeof value !== "string" || isJsonMime(mime)) return value;
    const spelling = isObject(spellings) ? spellings[mime] : undefined;
    return spellText(value, spelling, { list: isLineMime(mime) });
  });
}

function mapValues(object: JsonObject, map: (value: JsonValue, key: string) => JsonValue): JsonObject {
  return objectFrom(orderedKeys(object).map((key) => [key, map(object[key] ?? null, key)]));
}
