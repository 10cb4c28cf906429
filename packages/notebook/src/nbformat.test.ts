/** The codec beside nbformat, the reference implementation: each reads what the other wrote. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { pythonEnvironment } from "../../../scripts/components/python.ts";
import { newCell, newNotebook } from "./new-notebook.ts";
import { parseNotebook } from "./parse.ts";
import { serializeNotebook } from "./serialize.ts";
import { Random } from "./testing/random.ts";
import { randomNotebook } from "./testing/random-file.ts";

const run = promisify(execFile);
const environment = await pythonEnvironment("nbformat.requirements.txt");
const skip = "skip" in environment ? environment.skip : false;

const REWRITE = `
import nbformat, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.ipynb")):
    nb = nbformat.read(path, as_version=4)
    nbformat.validate(nb, relax_add_props=False)
    nbformat.write(nb, path.with_suffix(".jupyter"))
`;

function open(text: string) {
  const result = parseNotebook(text);
  assert.ok(result.ok, result.ok ? "" : result.message);
  return result.notebook;
}

test("[3.5-ipynb] nbformat accepts what is written here; what nbformat writes comes out byte for byte", {
  skip,
}, async () => {
  assert.ok("python" in environment);
  const folder = await mkdtemp(join(tmpdir(), "opsbook-nbformat-"));
  try {
    const fresh = newNotebook();
    fresh.cells.push(newCell("markdown", "# Ünï 🙂\n\ntext"), newCell("raw", "\u2028 \f x"));
    await writeFile(join(folder, "fresh.ipynb"), serializeNotebook(fresh));
    for (let seed = 1; seed <= 200; seed++) {
      // Python cannot write a lone surrogate to a file at all.
      const notebook = open(randomNotebook(new Random(seed)).replace(/\\ud[89a-f][0-9a-f]{2}/g, "?"));
      delete notebook.form;
      await writeFile(join(folder, `${seed}.ipynb`), serializeNotebook(notebook));
    }
    await run(environment.python, ["-W", "ignore", "-c", REWRITE, folder], { timeout: 120_000 });
    const written = (await readdir(folder)).filter((name) => name.endsWith(".jupyter"));
    assert.equal(written.length, 201);
    for (const name of written) {
      const text = await readFile(join(folder, name), "utf8");
      assert.equal(serializeNotebook(open(text)), text, name);
    }
    const ours = await readFile(join(folder, "fresh.ipynb"), "utf8");
    assert.equal(
      await readFile(join(folder, "fresh.jupyter"), "utf8"),
      ours,
      "a fresh notebook is already in Jupyter's layout",
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
