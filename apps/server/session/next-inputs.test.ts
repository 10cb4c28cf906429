import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { sourceHash } from "@opsbook/notebook/session";
import { pythonEnvironment } from "../../../scripts/components/python.ts";
import type { TestClient } from "./testing/client.ts";
import { newRoot, startSessions } from "./testing/server.ts";

const sources = (client: TestClient) => client.cells.map(({ source }) => source);

describe("the next input that a kernel sets", { timeout: 240_000 }, () => {
  test("[part of 3.4-magics] %edit puts source into a cell below, on every page, for who ran it", async () => {
    await using server = await startSessions();
    const ada = await server.connect();
    await ada.run("function twice(x: number) {\n  return x * 2;\n}");
    const bob = await server.connect(undefined, { name: "Bob", role: "runner" });
    for (const [cellId, source] of [
      ["below", "'below'"],
      ["edit", "%edit twice"],
    ] as const) {
      const after = ada.cells[0]!.id;
      await ada.submit({ type: "insert-cell", cellId, cellType: "code", source, metadata: {}, after, index: 1 });
    }
    const run = { executionId: randomUUID(), cellId: "edit", sourceHash: sourceHash("%edit twice") };
    await ada.submit({ type: "run-cells", runs: [run] });
    await ada.ended(run.executionId);
    const expected = ["%edit twice", "function twice(x: number) {\n  return x * 2;\n}", "'below'"];
    assert.deepEqual(sources(ada).slice(1), expected);
    await bob.until(() => bob.seq >= ada.seq);
    assert.deepEqual(sources(bob).slice(1), expected);
    assert.deepEqual(ada.cells[2]?.editedBy, { id: "ada", name: "Ada" });
    const added = ada.entries.findLast(({ op }) => op.type === "insert-cell" && op.source.startsWith("function"));
    assert.equal(added?.by?.name, "Ada");
    assert.match(await (await server.open()).notebookText(), /function twice[^"]*\\n/);
    for (const client of [ada, bob]) client.close();
  });

  test("a Python kernel replaces what ran, unless somebody edited it since", async (t) => {
    const python = await pythonEnvironment("jupyter-kernel.requirements.txt");
    if ("skip" in python) {
      t.skip(python.skip);
      return;
    }
    const root = newRoot();
    const data = join(root, "jupyter");
    mkdirSync(join(data, "kernels", "py"), { recursive: true });
    const argv = [python.python, "-m", "ipykernel_launcher", "-f", "{connection_file}"];
    const spec = { argv, display_name: "Py", language: "python" };
    writeFileSync(join(data, "kernels", "py", "kernel.json"), JSON.stringify(spec));
    writeFileSync(join(root, "fix.py"), "print('fixed')\n");
    process.env.JUPYTER_PATH = data;
    await using server = await startSessions(root);
    const ada = await server.connect();
    await ada.until(() => ada.state?.runtime.status === "idle");
    await ada.submit({ type: "select-kernel", kernelName: "py" });
    await ada.until(() => ada.state?.runtime.kernelName === "py" && ada.state.runtime.status === "idle");
    await ada.run("%load fix.py");
    assert.deepEqual(sources(ada), ["# %load fix.py\nprint('fixed')\n"]);
    const { cellId, executionId } = await ada.start("get_ipython().set_next_input(input('go? '), replace=True)");
    await ada.until(() => ada.state?.prompts.length === 1);
    await ada.submit({ type: "set-source", cellId, source: "mine" });
    await ada.submit({ type: "answer-prompt", promptId: ada.state!.prompts[0]!.id, value: "theirs" });
    await ada.ended(executionId);
    assert.deepEqual(sources(ada).slice(1), ["mine", "theirs"]);
    ada.close();
  });
});
