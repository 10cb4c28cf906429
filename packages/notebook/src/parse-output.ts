/** One output of a code cell, file form → model. */
import { FormBuilder } from "./form.ts";
import type { JsonObject, JsonValue, Output } from "./model.ts";
import {
  asObject,
  InvalidNotebook,
  readBundle,
  readCount,
  readMetadata,
  type Warnings,
  warnUnknown,
} from "./parse-parts.ts";
import { joinLines } from "./text.ts";

const KNOWN: Record<Output["output_type"], readonly string[]> = {
  stream: ["output_type", "name", "text"],
  display_data: ["output_type", "data", "metadata"],
  execute_result: ["output_type", "execution_count", "data", "metadata"],
  error: ["output_type", "ename", "evalue", "traceback"],
};

export function readOutput(value: JsonValue, path: string, warnings: Warnings): Output {
  const object = asObject(value, path);
  const type = object.output_type;
  if (type !== "stream" && type !== "display_data" && type !== "execute_result" && type !== "error") {
    throw new InvalidNotebook(`${path}.output_type`, 'must be "stream", "display_data", "execute_result" or "error"');
  }
  const form = new FormBuilder(object, KNOWN[type]);
  warnUnknown(object, { known: KNOWN[type], path, warnings });
  switch (type) {
    case "stream": {
      const { name, text } = object;
      if (typeof name !== "string") throw new InvalidNotebook(`${path}.name`, "must be a text");
      const joined = joinLines(text);
      if (text === undefined || joined === undefined)
        throw new InvalidNotebook(`${path}.text`, "must be a text or a list of texts");
      // Kernels may name further streams; they show like stdout and keep their name in the file.
      if (name !== "stdout" && name !== "stderr") form.exact("name", name);
      form.text("text", text, { list: true });
      return { output_type: type, name: name === "stderr" ? name : "stdout", text: joined, ...form.done() };
    }
    case "display_data":
      return { output_type: type, ...readDisplay(object, path, { form, warnings }), ...form.done() };
    case "execute_result": {
      const execution_count = readCount(object.execution_count, `${path}.execution_count`, { form, warnings });
      return { output_type: type, execution_count, ...readDisplay(object, path, { form, warnings }), ...form.done() };
    }
    case "error": {
      const traceback = object.traceback ?? [];
      if (!Array.isArray(traceback) || !traceback.every((line) => typeof line === "string")) {
        throw new InvalidNotebook(`${path}.traceback`, "must be a list of texts");
      }
      if (object.traceback === undefined) warnings.add("missing", `${path}.traceback`, "taken as empty");
      return {
        output_type: type,
        ename: text(object, "ename", path),
        evalue: text(object, "evalue", path),
        traceback,
        ...form.done(),
      };
    }
  }
}

function readDisplay(
  object: JsonObject,
  path: string,
  { form, warnings }: { form: FormBuilder; warnings: Warnings },
): { data: JsonObject; metadata: JsonObject } {
  const data = asObject(object.data, `${path}.data`);
  form.bundle("data", readBundle(data, `${path}.data`));
  return { data, metadata: readMetadata(object, path, warnings) };
}

function text(object: JsonObject, field: string, path: string): string {
  const value = object[field];
  if (typeof value !== "string") throw new InvalidNotebook(`${path}.${field}`, "must be a text");
  return value;
}
