/**
 * Validation against the official nbformat 4.5 schema. Apart from "." because it brings ajv along,
 * which compiles schemas at run time: for servers and tests, not for pages with a strict CSP.
 */
import ajvModule, { type ErrorObject, type ValidateFunction } from "ajv-draft-04";
import schema from "./schema/nbformat.v4.5.schema.json" with { type: "json" };

export interface SchemaFault {
  /** JSONPath of the place, such as `$.cells[3].id`. */
  path: string;
  message: string;
}

// The schema's cell id pattern is no valid expression in Unicode mode.
const ajv = new ajvModule.default({ allErrors: true, strict: false, unicodeRegExp: false });
ajv.addSchema(schema, "nbformat");
const part = (pointer: string): ValidateFunction => ajv.compile({ $ref: `nbformat#${pointer}` });

const whole = part("");
const CELLS: Record<string, ValidateFunction> = {
  code: part("/definitions/code_cell"),
  markdown: part("/definitions/markdown_cell"),
  raw: part("/definitions/raw_cell"),
};
const OUTPUTS: Record<string, ValidateFunction> = {
  stream: part("/definitions/stream"),
  display_data: part("/definitions/display_data"),
  execute_result: part("/definitions/execute_result"),
  error: part("/definitions/error"),
};

/**
 * Faults of a notebook file's JSON value (`JSON.parse` of the file, or `notebookToJson`); none when valid.
 * Ids used twice are faults too, as in Jupyter's own validator, though no schema can say so.
 */
export function validateNotebook(json: unknown): SchemaFault[] {
  const repeated = repeatedIds(json);
  if (whole(json)) return repeated;
  const found = explain(json);
  return [...(found.length > 0 ? found : toFaults(whole.errors, "$")), ...repeated];
}

/** Cells and outputs are `oneOf` in the schema, which blames every branch: check each by its own type instead. */
function explain(json: unknown): SchemaFault[] {
  if (!isRecord(json) || !Array.isArray(json.cells)) return faultsOf(whole, json, "$");
  const outer = faultsOf(whole, { ...json, cells: [] }, "$");
  const inner = json.cells.flatMap((cell: unknown, at) => {
    const path = `$.cells[${at}]`;
    if (!isRecord(cell)) return [{ path, message: "must be object" }];
    const check = CELLS[String(cell.cell_type)];
    if (check === undefined) return [{ path: `${path}.cell_type`, message: 'must be "code", "markdown" or "raw"' }];
    if (cell.cell_type !== "code" || !Array.isArray(cell.outputs)) return faultsOf(check, cell, path);
    return [
      ...faultsOf(check, { ...cell, outputs: [] }, path),
      ...cell.outputs.flatMap((output: unknown, place) => explainOutput(output, `${path}.outputs[${place}]`)),
    ];
  });
  return [...outer, ...inner];
}

function explainOutput(output: unknown, path: string): SchemaFault[] {
  const check = isRecord(output) ? OUTPUTS[String(output.output_type)] : undefined;
  if (check !== undefined) return faultsOf(check, output, path);
  return [{ path: `${path}.output_type`, message: `must be one of ${Object.keys(OUTPUTS).join(", ")}` }];
}

function repeatedIds(json: unknown): SchemaFault[] {
  if (!isRecord(json) || !Array.isArray(json.cells)) return [];
  const seen = new Set<unknown>();
  return json.cells.flatMap((cell: unknown, at) => {
    if (!isRecord(cell) || typeof cell.id !== "string") return [];
    if (seen.has(cell.id)) return [{ path: `$.cells[${at}].id`, message: `"${cell.id}" is used twice` }];
    seen.add(cell.id);
    return [];
  });
}

function faultsOf(check: ValidateFunction, value: unknown, path: string): SchemaFault[] {
  return check(value) ? [] : toFaults(check.errors, path);
}

function toFaults(errors: ErrorObject[] | null | undefined, base: string): SchemaFault[] {
  return (errors ?? []).map(({ instancePath, message = "is not valid", params }) => {
    const extra: unknown = params.additionalProperty;
    const detail = typeof extra === "string" ? `${message}: ${JSON.stringify(extra)}` : message;
    return { path: base + toJsonPath(instancePath), message: detail };
  });
}

function toJsonPath(pointer: string): string {
  const steps = pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  return steps
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : /^\w+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`))
    .join("");
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
