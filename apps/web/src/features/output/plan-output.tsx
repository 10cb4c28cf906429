import { type FormEvent, useId, useState } from "react";
import { z } from "zod";
import { Button } from "../../ui/button.tsx";
import { useScope } from "../notebook/notebook-context.ts";
import type { JsonValue } from "./mime.ts";

const changeSchema = z.object({
  action: z.enum(["create", "update", "delete", "run"]),
  target: z.string(),
  before: z.string().optional(),
  after: z.string().optional(),
});
const planSchema = z.object({
  id: z.string(),
  title: z.string(),
  destructive: z.boolean(),
  /** Of all changes, the first ones. */
  changes: z.array(changeSchema),
  total: z.number(),
  deletes: z.number(),
});
type Plan = z.infer<typeof planSchema>;

const MARKS = { create: "+", update: "~", delete: "−", run: "▸" } as const;

/** A change that was computed and not made: what it would do, and a way to do it. */
export function PlanOutput({ value, outputId }: { value: JsonValue; outputId: string }) {
  const { data: plan } = planSchema.safeParse(value);
  const title = useId();
  if (!plan) return null;
  const more = plan.total - plan.changes.length;
  return (
    <section className="nb-plan" aria-labelledby={title}>
      <h3 id={title}>{plan.title}</h3>
      <ul>
        {plan.changes.map(({ action, target, before, after }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a plan never changes.
          <li key={index} data-action={action}>
            <span aria-hidden className="nb-plan-mark">
              {MARKS[action]}
            </span>
            <span className="nb-plan-action">{action}</span> <code>{target}</code>
            {before === undefined ? null : <del>{before}</del>}
            {after === undefined ? null : <ins>{after}</ins>}
          </li>
        ))}
      </ul>
      {more > 0 ? <p className="nb-dim">… and {more} more</p> : null}
      <Apply plan={plan} outputId={outputId} />
    </section>
  );
}

/** Applying is a run like any other: a cell of its own below, by whoever pressed it. */
function Apply({ plan, outputId }: { plan: Plan; outputId: string }) {
  const { session, actions } = useScope();
  const [asking, setAsking] = useState(false);
  const [typed, setTyped] = useState("");
  const field = useId();
  const allowed = session.allowed("insert-cell") && session.allowed("run-cells");
  const cancel = () => {
    setAsking(false);
    setTyped("");
  };
  const apply = () => {
    const { order } = session.store.getState();
    const holds = (id: string) =>
      session.cells
        .get(id)
        ?.getState()
        .cell.outputs.some((one) => one.id === outputId);
    const after = order.find(holds) ?? order.at(-1) ?? null;
    const comment = plan.title.replace(/\s+/g, " ");
    const cellId = session.insertCell(
      after,
      "code",
      `// ${comment}\nawait Plan.offered(${JSON.stringify(plan.id)}).apply()`,
    );
    cancel();
    actions.select(cellId);
    void session.run([cellId]);
  };
  if (!allowed) return <p className="nb-dim">An editor can apply this plan.</p>;
  if (!asking) {
    return (
      <Button
        variant={plan.destructive ? "danger" : "primary"}
        onClick={plan.destructive ? () => setAsking(true) : apply}
      >
        {plan.destructive ? `Apply, deletes ${plan.deletes} …` : "Apply"}
      </Button>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed.trim() === String(plan.deletes)) apply();
  };
  return (
    <form className="nb-plan-ask" onSubmit={submit}>
      <label htmlFor={field}>
        What is deleted does not come back. To apply, type how many: <b>{plan.deletes}</b>
      </label>
      <input
        id={field}
        // biome-ignore lint/a11y/noAutofocus: it takes the place of the button that was just pressed.
        autoFocus
        inputMode="numeric"
        autoComplete="off"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && cancel()}
      />
      <Button type="submit" variant="danger" disabled={typed.trim() !== String(plan.deletes)}>
        Apply
      </Button>
      <Button onClick={cancel}>Cancel</Button>
    </form>
  );
}
