/** The notebooks we ship, run as a person runs them: opened in a session, all cells, prompts answered. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { parseNotebook, serializeNotebook } from "@opsbook/notebook";
import { pythonEnvironment } from "../../../scripts/components/python.ts";
import type { TestClient } from "./testing/client.ts";
import { runCells } from "./testing/run-cells.ts";
import { newRoot, type SessionServer, startSessions } from "./testing/server.ts";

const SAMPLES = join(import.meta.dirname, "../../../notebooks");
const INCIDENT = "incidents/service-not-answering.ipynb";
const ANSWER = "the pool leaks, the owner knows";
const VALIDATE = `
import nbformat, sys
nbformat.validate(nbformat.read(sys.argv[1], as_version=4), relax_add_props=False)
`;

const samples = globSync("**/*.ipynb", { cwd: SAMPLES }).filter((path) => !path.includes(".ipynb_checkpoints"));
const environment = await pythonEnvironment("jupyter.requirements.txt");
const run = promisify(execFile);

function withSamples(): Promise<SessionServer> {
  const root = newRoot();
  cpSync(SAMPLES, root, { recursive: true, filter: (path) => !path.includes(".opsbook") });
  return startSessions(root);
}

/** Runs the notebook; resolves with the cells that did not end as they should. */
async function problemsOf(client: TestClient, answer: string): Promise<string[]> {
  const ended = await runCells(client, () => answer);
  return ended.flatMap(({ cellId, status, errors }) => {
    const tags = client.cells.find(({ id }) => id === cellId)?.metadata.tags;
    const expected = Array.isArray(tags) && tags.includes("raises-exception") ? "error" : "ok";
    if (status === expected) return [];
    return [`${cellId}: ${status}\n${errors.flatMap(({ traceback }) => traceback).join("\n")}`];
  });
}

/** The rows that a cell shows as a table. */
function tableOf(client: TestClient, cellId: string): Record<string, unknown>[] {
  for (const output of client.cells.find(({ id }) => id === cellId)?.outputs ?? []) {
    if (output.output_type !== "execute_result") continue;
    const resource = output.data["application/vnd.dataresource+json"];
    assert.ok(typeof resource === "object" && resource !== null && "data" in resource && Array.isArray(resource.data));
    return resource.data as Record<string, unknown>[];
  }
  return assert.fail(`${cellId} shows no table`);
}

/** The draft for the postmortem that the runbook's last step shows. */
function draftOf(client: TestClient): string {
  for (const output of client.cells.find(({ id }) => id === "timeline")?.outputs ?? []) {
    if (output.output_type === "display_data") return String(output.data["text/markdown"]);
  }
  return assert.fail("there is no draft");
}

/** The runbook found what is wrong, mended it when told why, and recorded both. */
function checkMended(client: TestClient): void {
  const [health, work] = tableOf(client, "answers");
  assert.deepEqual([health?.ok, work?.ok, work?.result], [true, false, "503"]);
  assert.equal(tableOf(client, "listening").length, 1);
  assert.ok(tableOf(client, "log").some(({ message }) => String(message).includes("not returned to the pool")));
  const [before, now] = tableOf(client, "verify");
  assert.deepEqual([before?.failed, now?.failed], [16, 0]);
  assert.match(draftOf(client), /\| fix \| restarted: the pool leaks, the owner knows \|/);
  assert.match(draftOf(client), /\| verify \| [^|]*: 0 of 16 failed/);
}

describe("the sample notebooks", { timeout: 180_000 }, () => {
  test("there are some", () => {
    assert.ok(samples.includes("welcome.ipynb") && samples.includes(INCIDENT));
  });

  for (const path of samples) {
    test(`${path} is committed clean, and opening and saving it changes nothing`, async () => {
      const text = readFileSync(join(SAMPLES, path), "utf8");
      const parsed = parseNotebook(text);
      assert.ok(parsed.ok, parsed.ok ? "" : parsed.message);
      assert.deepEqual(parsed.warnings, []);
      assert.equal(serializeNotebook(parsed.notebook), text);
      const { nbformat_minor, metadata, cells } = parsed.notebook;
      assert.equal(nbformat_minor, 5);
      assert.deepEqual(metadata.kernelspec, {
        display_name: "TypeScript",
        language: "typescript",
        name: "typescript",
      });
      assert.ok(typeof metadata.opsbook === "object");
      const ran = cells.filter(
        (cell) => cell.cell_type === "code" && (cell.outputs.length > 0 || cell.execution_count),
      );
      assert.deepEqual(ran, []);
      await using server = await withSamples();
      const session = await server.open(path);
      await session.save();
      assert.equal(readFileSync(join(server.root, path), "utf8"), text);
    });

    test(`[part of 3.5-ipynb] ${path} runs from top to bottom and is valid when saved`, async (t) => {
      await using server = await withSamples();
      const client = await server.connect(path);
      assert.deepEqual(await problemsOf(client, ANSWER), []);
      if (path === INCIDENT) checkMended(client);
      const session = await server.open(path);
      await session.save();
      client.close();
      if ("skip" in environment) return t.skip(environment.skip);
      await run(environment.python, ["-c", VALIDATE, join(server.root, path)]);
    });
  }

  test(`${INCIDENT} has its parameters in one tagged cell`, () => {
    const parsed = parseNotebook(readFileSync(join(SAMPLES, INCIDENT), "utf8"));
    assert.ok(parsed.ok);
    const tagged = parsed.notebook.cells.filter(
      ({ metadata: { tags } }) => Array.isArray(tags) && tags.includes("parameters"),
    );
    assert.deepEqual(
      tagged.map(({ cell_type }) => cell_type),
      ["code"],
    );
  });

  test("the runbook left alone changes nothing and says that the service is still sick", async () => {
    await using server = await withSamples();
    const client = await server.connect(INCIDENT);
    assert.deepEqual(await problemsOf(client, ""), []);
    assert.match(draftOf(client), /\| fix \| not restarted \|/);
    assert.match(draftOf(client), /\| verify \| STILL SICK: escalate: 16 of 16 failed/);
    client.close();
  });
});
