/** The examples of docs/helpers.md, run in a notebook: ```ts runs, ```ts throws NAME fails with it, ```ts skip is left out. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runCells } from "./testing/run-cells.ts";
import { startSessions } from "./testing/server.ts";

const PAGE = join(import.meta.dirname, "../../../docs/helpers.md");

interface Example {
  line: number;
  code: string;
  /** Name of the error it ends with. */
  error: string | null;
}

function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  for (const { 1: mark = "", 2: code = "", index } of page.matchAll(/^```ts(.*)\n([\s\S]*?)^```$/gm)) {
    const [, how, error] = /^(?: (skip)| throws (\w+))?$/.exec(mark) ?? assert.fail(`an unknown mark: ts${mark}`);
    if (how === "skip") continue;
    examples.push({ line: page.slice(0, index).split("\n").length, code: code.trim(), error: error ?? null });
  }
  return examples;
}

test("every runnable example of docs/helpers.md does what the page says", { timeout: 120_000 }, async () => {
  await using server = await startSessions();
  const client = await server.connect();
  const examples = examplesOf(readFileSync(PAGE, "utf8"));
  assert.ok(examples.length > 20);
  let after: string | null = null;
  for (const [index, { code, error }] of examples.entries()) {
    const cellId = `example-${index}`;
    const metadata = error ? { tags: ["raises-exception"] } : {};
    await client.submit({ type: "insert-cell", cellId, cellType: "code", source: code, metadata, after, index });
    after = cellId;
  }
  const ended = await runCells(client, () => "an answer");
  const problems = examples.flatMap(({ line, error }, index) => {
    const { status, errors } = ended[index] ?? assert.fail("it was not run");
    const [name] = errors.map(({ ename }) => ename);
    if (status === (error ? "error" : "ok") && (error === null || name === error)) return [];
    return [`line ${line}: ${status}\n${errors.flatMap(({ traceback }) => traceback).join("\n")}`];
  });
  assert.deepEqual(problems, []);
  client.close();
});
