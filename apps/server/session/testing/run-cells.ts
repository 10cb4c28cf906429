import { randomUUID } from "node:crypto";
import { type SessionError, sourceHash } from "@opsbook/notebook/session";
import type { TestClient } from "./client.ts";

export interface EndedCell {
  cellId: string;
  status: string | undefined;
  errors: SessionError[];
}

/** Runs every code cell from the top, to the end of the last. `answer` stands for the person who is asked. */
export async function runCells(client: TestClient, answer: (question: string) => string): Promise<EndedCell[]> {
  const runs = client.cells
    .filter(({ cell_type }) => cell_type === "code")
    .map(({ id, source }) => ({ executionId: randomUUID(), cellId: id, sourceHash: sourceHash(source) }));
  await client.submit({ type: "run-cells", runs });
  const answered = new Set<string>();
  const execution = (id: string) => client.state?.executions.find((one) => one.id === id);
  const open = () => client.state?.prompts.find(({ id }) => !answered.has(id));
  const allEnded = () => runs.every(({ executionId }) => execution(executionId)?.finishedAt !== undefined);
  while (!allEnded()) {
    await client.until(() => allEnded() || open() !== undefined);
    const prompt = open();
    if (!prompt) continue;
    answered.add(prompt.id);
    await client.submit({ type: "answer-prompt", promptId: prompt.id, value: answer(prompt.text) });
  }
  return runs.map(({ executionId, cellId }) => {
    const outputs = client.cells.find(({ id }) => id === cellId)?.outputs ?? [];
    const errors = outputs.filter((output) => output.output_type === "error");
    return { cellId, status: execution(executionId)?.status, errors };
  });
}
