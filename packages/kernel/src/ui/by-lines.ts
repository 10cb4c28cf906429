import type { InputOptions } from "../main/prompts.ts";
import { type Answer, coerce, type Field, type Form, fault, type Question } from "./form.ts";

type Ask = (prompt: string, options?: InputOptions) => Promise<string>;

/** A form as questions of one line each, for front ends that have an input field and nothing else. */
export async function askByLines({ text, form }: Question, ask: Ask): Promise<Answer> {
  if (form.kind === "button") {
    await ask(`${text} (press Enter) `);
    return {};
  }
  const answer: Answer = {};
  if (form.kind === "form" && text !== "") console.log(text);
  for (const [name, field] of Object.entries(form.properties)) {
    const label = form.kind === "form" ? (field.title ?? name) : text;
    const value = await askField({ name, field, label }, form, ask);
    if (value !== undefined) answer[name] = value;
  }
  return answer;
}

async function askField(
  { name, field, label }: { name: string; field: Field; label: string },
  form: Form,
  ask: Ask,
): Promise<Answer[string] | undefined> {
  const { enum: options } = field;
  if (options)
    console.log(options.map((option, index) => `${index + 1}) ${optionText(form, option, index)}`).join("\n"));
  const { default: preset } = field;
  const shown = preset === undefined ? "" : ` [${Array.isArray(preset) ? preset.join(", ") : String(preset)}]`;
  const how = options
    ? field.type === "array"
      ? " (numbers, with commas)"
      : " (number)"
    : field.type === "boolean"
      ? " (y/n)"
      : "";
  for (;;) {
    const line = await ask(`${label}${how}${shown}: `, { password: field.secret === true });
    if (line.trim() === "") {
      if (preset !== undefined) return typeof preset === "object" ? [...preset] : preset;
      if (form.required?.includes(name) !== true) return undefined;
    }
    const value = coerce(field, options ? byNumber(options, line) : line);
    const why = line.trim() === "" ? "a value is needed" : fault(field, value);
    if (why === null) return value;
    console.log(`Please answer again: ${why}.`);
  }
}

/** `2` means the second option, unless an option has that name. */
function byNumber(options: readonly (string | number)[], line: string): string {
  const one = (text: string): string => {
    if (options.some((option) => typeof option === "string" && option === text)) return text;
    return String(options[Number(text) - 1] ?? text);
  };
  return line.includes(",")
    ? line
        .split(",")
        .map((part) => one(part.trim()))
        .join(",")
    : one(line.trim());
}

const optionText = (form: Form, option: string | number, index: number): string =>
  form.rows ? (form.rows[index] ?? []).join("  ") : String(option);
