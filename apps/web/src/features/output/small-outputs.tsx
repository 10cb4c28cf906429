import { z } from "zod";
import type { JsonValue } from "./mime.ts";

const answerSchema = z.object({ question: z.string(), answer: z.string(), by: z.string() });

/** The line that stays of an answered form. */
export function AnswerOutput({ value }: { value: JsonValue }) {
  const { data } = answerSchema.safeParse(value);
  if (!data) return null;
  return (
    <p className="nb-answer">
      {data.question === data.answer ? null : <span>{data.question}</span>}
      <b>{data.answer}</b>
      {data.by === "" ? null : <span className="nb-dim">{data.by}</span>}
    </p>
  );
}

const progressSchema = z.object({
  label: z.string(),
  done: z.number(),
  total: z.number().nullable(),
  finished: z.boolean(),
});
const count = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export function ProgressOutput({ value }: { value: JsonValue }) {
  const { data } = progressSchema.safeParse(value);
  if (!data) return null;
  const { label, done, total, finished } = data;
  const part = total !== null && total > 0 ? Math.min(1, done / total) : finished ? 1 : null;
  return (
    <div className="nb-progress" data-finished={finished}>
      <span className="nb-progress-label">{label}</span>
      <progress aria-label={label || "Progress"} {...(part === null ? {} : { value: part })} />
      <span className="nb-progress-count">
        {count.format(done)}
        {total === null ? "" : ` of ${count.format(total)}`}
        {part === null || total === null ? "" : ` · ${Math.floor(part * 100)} %`}
        {finished ? " · done" : ""}
      </span>
    </div>
  );
}
