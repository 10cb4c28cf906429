import type { Form, FormField } from "@opsbook/notebook/session";

/** What stands in the fields: numbers as typed, so that half a number can be written. */
export type Draft = Record<string, string | boolean | (string | number)[] | undefined>;
type Answer = ReturnType<typeof toAnswer>;

export function initialDraft(form: Form): Draft {
  return Object.fromEntries(Object.entries(form.properties).map(([name, field]) => [name, initial(field)]));
}

function initial({ type, default: preset }: FormField): Draft[string] {
  if (type === "array") return Array.isArray(preset) ? preset.filter((item) => typeof item !== "boolean") : [];
  if (type === "boolean") return preset === true;
  return preset === undefined || Array.isArray(preset) ? "" : String(preset);
}

/** The fields as the form wants them; what is not a number yet stays text, and is told as a fault. */
export function toAnswer(form: Form, draft: Draft) {
  const answer: Record<string, string | number | boolean | (string | number)[]> = {};
  for (const [name, field] of Object.entries(form.properties)) {
    const value = draft[name];
    if (value === undefined || value === "") {
      if (field.type === "string" && form.required?.includes(name) !== true && !field.enum) answer[name] = "";
    } else answer[name] = typeof value === "string" ? fromText(field, value) : value;
  }
  return answer;
}

function fromText({ type, enum: options }: FormField, text: string): Answer[string] {
  const known = options?.find((option) => String(option) === text);
  if (known !== undefined) return known;
  const number = Number(text);
  return type !== "string" && text.trim() !== "" && Number.isFinite(number) ? number : text;
}
