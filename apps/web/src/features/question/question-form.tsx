import "./question.css";
import { answerErrors, type FieldError, type Form, type Prompt } from "@opsbook/notebook/session";
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { useScope } from "../notebook/notebook-context.ts";
import { Field } from "./field.tsx";
import { RowPicker } from "./row-picker.tsx";
import { type Draft, initialDraft, toAnswer } from "./values.ts";

/** A form of the running code. Whoever may run can answer it, once for all. */
export default function QuestionForm({ prompt, form }: { prompt: Prompt; form: Form }) {
  const { session, actions } = useScope();
  const [draft, setDraft] = useState<Draft>(() => initialDraft(form));
  const [errors, setErrors] = useState<readonly FieldError[]>([]);
  const element = useRef<HTMLFormElement>(null);
  const id = useId();
  const allowed = session.allowed("answer-prompt");
  useEffect(() => {
    // Only who looks at this cell is taken to the form; others are typing elsewhere.
    if (actions.selected === prompt.cellId) firstField(element.current, form)?.focus({ preventScroll: true });
  }, [actions, prompt.cellId, form]);

  const send = (values: Draft) => {
    const answer = toAnswer(form, values);
    const found = answerErrors(form, answer);
    setErrors(found);
    if (found.length === 0) session.submit({ type: "answer-prompt", promptId: prompt.id, value: answer });
    else queueMicrotask(() => element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  };
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    send(draft);
  };
  const set = (name: string) => (value: Draft[string]) => {
    setDraft({ ...draft, [name]: value });
    setErrors(errors.filter(({ field }) => field !== name));
  };
  const errorOf = (name: string) => errors.find(({ field }) => field === name)?.message;
  const fields = Object.entries(form.properties);
  const description = form.kind === "form" ? undefined : form.properties.value?.description;
  return (
    <form
      ref={element}
      className="nb-question"
      data-kind={form.kind}
      aria-labelledby={`${id}-title`}
      tabIndex={-1}
      onSubmit={onSubmit}
      noValidate
    >
      {form.kind === "button" ? (
        <span id={`${id}-title`} className="nb-question-wait">
          The cell waits for you
        </span>
      ) : (
        <h3 id={`${id}-title`} className="nb-question-title">
          {prompt.text || "The cell asks"}
        </h3>
      )}
      {description ? <p className="nb-question-note">{description}</p> : null}
      <fieldset className="nb-question-fields" disabled={!allowed}>
        {form.kind === "table" ? (
          <RowPicker form={form} value={draft.value} onChange={set("value")} error={errorOf("value")} />
        ) : form.kind === "confirm" || form.kind === "button" ? null : (
          fields.map(([name, field]) => (
            <Field
              key={name}
              id={`${id}-${name}`}
              // The one field of a question has its text already.
              label={form.kind === "form" ? (field.title ?? name) : null}
              labelledBy={`${id}-title`}
              field={field}
              required={form.required?.includes(name) === true}
              value={draft[name]}
              onChange={set(name)}
              error={errorOf(name)}
            />
          ))
        )}
        <div className="nb-question-foot">
          {form.kind === "confirm" ? (
            <>
              <Button variant="primary" onClick={() => send({ value: true })}>
                Yes
              </Button>
              <Button variant="outline" onClick={() => send({ value: false })}>
                No
              </Button>
            </>
          ) : (
            <Button type="submit" variant="primary">
              {form.submit ?? "Answer"}
            </Button>
          )}
          {allowed ? null : <span className="nb-dim">You may look at this. A runner can answer it.</span>}
        </div>
      </fieldset>
    </form>
  );
}

/** A yes is never one key away from somebody who was typing when the question came. */
function firstField(element: HTMLFormElement | null, { kind }: Form): HTMLElement | null {
  if (kind === "confirm" || kind === "button") return element;
  return element?.querySelector<HTMLElement>("input:checked, input, select, textarea") ?? null;
}
