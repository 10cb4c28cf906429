import type { Prompt } from "@opsbook/notebook/session";
import { useEffect, useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { useScope } from "../notebook/notebook-context.ts";

/** A question of the running code. Whoever answers first answers for all. */
export function PromptForm({ prompt }: { prompt: Prompt }) {
  const { session, actions } = useScope();
  const [value, setValue] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const allowed = session.allowed("answer-prompt");
  useEffect(() => {
    // Only who looks at this cell is taken to the field; others are typing elsewhere.
    if (actions.selected === prompt.cellId) field.current?.focus();
  }, [actions, prompt.cellId]);
  return (
    <form
      className="nb-prompt"
      aria-label="The code asks"
      onSubmit={(event) => {
        event.preventDefault();
        session.submit({ type: "answer-prompt", promptId: prompt.id, value });
        setValue("");
      }}
    >
      <label>
        <span className="nb-prompt-text">{prompt.text || "Input"}</span>
        <input
          ref={field}
          type={prompt.password ? "password" : "text"}
          autoComplete="off"
          value={value}
          disabled={!allowed}
          onChange={(event) => setValue(event.target.value)}
        />
      </label>
      <Button type="submit" variant="primary" disabled={!allowed} title={allowed ? "" : "Only a runner may answer."}>
        Answer
      </Button>
      {prompt.password ? <span className="nb-dim">not stored anywhere</span> : null}
    </form>
  );
}
