import { randomUUID } from "node:crypto";
import type { JsonObject, JsonValue } from "@opsbook/jupyter/codec";
import { jsonObject } from "../display/bundle.ts";
import { KernelError } from "../error.ts";
import { currentExecution } from "../main/execution.ts";
import type { HostLink } from "../main/host-link.ts";
import type { Prompts } from "../main/prompts.ts";
import { askByLines } from "./by-lines.ts";
import { type Answer, coerce, complete, type Form, type Question } from "./form.ts";

export interface QuestionParts {
  host: HostLink;
  prompts: Prompts;
  /** Leaves a line in the cell's output. */
  note(text: string): void;
}

/**
 * Asks whoever can answer: the parameters of the run, the people who look at the notebook, or, in a front end that
 * knows no forms, the person at its input field.
 */
export class Questions {
  readonly #parts: QuestionParts;
  readonly #open = new Map<string, (answer: Answer) => void>();

  constructor(parts: QuestionParts) {
    this.#parts = parts;
    parts.host.listen("prompt-answered", ({ id, value }) => {
      if (typeof id === "string") this.#open.get(id)?.(jsonObject(value) ?? {});
    });
  }

  /**
   * Resolves with values that fit the form's fields.
   *
   * @throws KernelError `not-a-cell` outside a running cell, `bad-parameter` where a parameter does not fit,
   * `unattended` where nobody can answer.
   */
  async ask(question: Question): Promise<Answer> {
    const execution = currentExecution();
    if (!execution?.running)
      throw new KernelError("not-a-cell", "A question needs a cell that runs: put `await` before it.");
    const given = this.#fromParameters(question);
    if (given) return this.#keepSecrets(question, given);
    const { host, prompts } = this.#parts;
    if (!host.attended || !(host.isOpen || execution.allowStdin)) return this.#unattended(question);
    const answer = host.isOpen
      ? await this.#askHost(question, (promise) => execution.untilInterrupt(promise))
      : await askByLines(question, (prompt, options) => prompts.ask(prompt, options));
    return this.#keepSecrets(question, answer);
  }

  async #askHost(question: Question, wait: (promise: Promise<Answer>) => unknown): Promise<Answer> {
    const id = randomUUID();
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#open.set(id, resolve);
    const { text, form } = question;
    const password = Object.values(form.properties).some(({ secret }) => secret === true);
    this.#parts.host.send("prompt-shown", { id, prompt: text, password, form });
    try {
      // `untilInterrupt` settles as the promise it was given does.
      const { answer, problem } = complete(form, (await wait(promise)) as Answer);
      if (problem) throw new KernelError("bad-answer", `The answer does not fit: ${problem.field}: ${problem.why}.`);
      return answer;
    } finally {
      this.#open.delete(id);
    }
  }

  #fromParameters({ name, form, text }: Question): Answer | null {
    const { parameters } = this.#parts.host;
    const own = name !== undefined && Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    const given: Answer = {};
    if (form.kind === "form") {
      const fields = { ...parameters, ...(isObject(own) ? own : {}) };
      for (const field of Object.keys(form.properties))
        if (Object.hasOwn(fields, field) && fields[field] !== undefined) given[field] = fields[field];
      if (Object.keys(given).length === 0) return null;
    } else if (own === undefined) return null;
    else if (form.kind !== "button") given.value = own;
    else if (coerce({ type: "boolean" }, own) !== true)
      throw new KernelError("bad-parameter", `The parameter ${name} must be true to press "${text}".`);
    const { answer, problem } = complete(form, coerced(form, given));
    if (!problem) {
      this.#parts.note(`${text}  ${summary(form, answer)} (parameter)`);
      return answer;
    }
    // A form of which some fields are given can still be asked; what was given wrongly cannot.
    if (form.kind === "form" && !Object.hasOwn(given, problem.field)) return null;
    const which = form.kind === "form" ? problem.field : name;
    throw new KernelError("bad-parameter", `The parameter ${which} does not fit: ${problem.why}.`);
  }

  #unattended(question: Question): Answer {
    const { text, form, name } = question;
    const { answer, problem } = complete(form, {});
    const decides = form.kind === "button" || form.kind === "confirm";
    if (!problem && !decides && Object.keys(answer).length > 0) {
      this.#parts.note(`${text}  ${summary(form, answer)} (default)`);
      return answer;
    }
    const what = form.kind === "form" ? Object.keys(form.properties).join(", ") : name;
    const how =
      what === undefined
        ? 'Give the question a name, { name: "host" }, and the run a parameter of that name.'
        : `Give the run the parameter ${what}${choices(form)}.`;
    throw new KernelError("unattended", `Nobody is here to answer "${text}". ${how}`);
  }

  #keepSecrets({ form, name }: Question, answer: Answer): Answer {
    for (const [field, { secret }] of Object.entries(form.properties)) {
      const value = answer[field];
      if (secret === true && typeof value === "string" && value !== "")
        this.#parts.host.send("secret-registered", { name: form.kind === "form" ? field : (name ?? "answer"), value });
    }
    return answer;
  }
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function coerced(form: Form, given: Answer): Answer {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const field = form.properties[name];
      return [name, field ? coerce(field, value) : value];
    }),
  );
}

function summary(form: Form, answer: Answer): string {
  return Object.entries(form.properties)
    .filter(([name]) => Object.hasOwn(answer, name))
    .map(([name, { secret }]) => {
      const text = secret ? "••••" : String(answer[name]);
      return form.kind === "form" ? `${name}: ${text}` : text;
    })
    .join(" · ");
}

function choices({ properties }: Form): string {
  const options = properties.value?.enum;
  return options ? `, one of: ${options.slice(0, 20).join(", ")}${options.length > 20 ? ", …" : ""}` : "";
}
