/** The codec beside Jupyter's own tools: nbformat, nbconvert and the contents manager of Jupyter Server, which JupyterLab saves through. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { pythonEnvironment } from "../../../scripts/components/python.ts";
import { newCell, newNotebook } from "./new-notebook.ts";
import { parseNotebook } from "./parse.ts";
import { notebookToJson, serializeNotebook } from "./serialize.ts";
import { Random } from "./testing/random.ts";
import { randomNotebook } from "./testing/random-file.ts";

const run = promisify(execFile);
const environment = await pythonEnvironment("jupyter.requirements.txt");
const skip = "skip" in environment ? environment.skip : false;

const REWRITE = `
import nbformat, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.ipynb")):
    nb = nbformat.read(path, as_version=4)
    nbformat.validate(nb, relax_add_props=False)
    nbformat.write(nb, path.with_suffix(".jupyter"))
`;

/** Opens and saves as a front end does: the contents API's JSON out and back. */
const RESAVE = `
import json, logging, sys
from jupyter_server.services.contents.largefilemanager import LargeFileManager
logging.disable(logging.CRITICAL)
manager = LargeFileManager(root_dir=sys.argv[1])
model = json.loads(json.dumps(manager.get(sys.argv[2])["content"]))
manager.save({"type": "notebook", "format": "json", "content": model}, sys.argv[2])
`;

function sample() {
  const notebook = newNotebook();
  const code = newCell("code", "const host = 'wéb1'\nhost");
  code.execution_count = 1;
  code.outputs = [
    { output_type: "stream", name: "stdout", text: "10%\r100%\n\x1b[31mred\x1b[0m <b>\n" },
    {
      output_type: "execute_result",
      execution_count: 1,
      data: { "application/json": { a: [1, null] }, "text/plain": "'wéb1'" },
      metadata: {},
    },
    { output_type: "display_data", data: { "text/html": "<table><tr><td>cell</td></tr></table>" }, metadata: {} },
    {
      output_type: "error",
      ename: "CommandError",
      evalue: "exit 1",
      traceback: ["CommandError: exit 1", "    at In[1]:1:1"],
    },
  ];
  code.metadata.opsbook = { runs: [{ ratio: { $number: "1.0" }, who: "ana" }] };
  notebook.cells = [newCell("markdown", "# Disk full 🙂"), code, newCell("raw", "")];
  return notebook;
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "opsbook-jupyter-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function open(text: string) {
  const result = parseNotebook(text);
  assert.ok(result.ok, result.ok ? "" : result.message);
  return result.notebook;
}

describe("[part of 3.5-ipynb] other tools", { skip }, () => {
  assert.ok("python" in environment || skip);
  const python = "python" in environment ? environment.python : "";
  const options = { timeout: 120_000, env: { ...process.env, PYTHONWARNINGS: "ignore", JUPYTER_PLATFORM_DIRS: "1" } };

  test("nbformat accepts what is written here; what nbformat writes comes out byte for byte", async () => {
    await withFolder(async (folder) => {
      await writeFile(join(folder, "sample.ipynb"), serializeNotebook(sample()));
      for (let seed = 1; seed <= 200; seed++) {
        // Python cannot write a lone surrogate to a file at all.
        const notebook = open(randomNotebook(new Random(seed)).replace(/\\ud[89a-f][0-9a-f]{2}/g, "?"));
        delete notebook.form;
        await writeFile(join(folder, `${seed}.ipynb`), serializeNotebook(notebook));
      }
      await run(python, ["-c", REWRITE, folder], options);
      const written = (await readdir(folder)).filter((name) => name.endsWith(".jupyter"));
      assert.equal(written.length, 201);
      for (const name of written) {
        const text = await readFile(join(folder, name), "utf8");
        assert.equal(serializeNotebook(open(text)), text, name);
      }
      const [ours, theirs] = await Promise.all(
        ["sample.ipynb", "sample.jupyter"].map((name) => readFile(join(folder, name), "utf8")),
      );
      assert.equal(theirs, ours, "a file of ours is already in Jupyter's layout");
    });
  });

  test("nbconvert makes HTML of it, with the code, the prose and the outputs", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "sample.ipynb");
      await writeFile(file, serializeNotebook(sample()));
      await run(python, ["-m", "nbconvert", "--to", "html", "--log-level=ERROR", file], options);
      const html = await readFile(join(folder, "sample.html"), "utf8");
      for (const part of ["Disk full 🙂", "wéb1", "&lt;b&gt;", "<td>cell</td>", "CommandError: exit 1"]) {
        assert.ok(html.includes(part), part);
      }
    });
  });

  test("opened and saved again through Jupyter Server, nothing is lost", async () => {
    await withFolder(async (folder) => {
      const file = join(folder, "sample.ipynb");
      const notebook = sample();
      await writeFile(file, serializeNotebook(notebook));
      await run(python, ["-c", RESAVE, folder, "sample.ipynb"], options);
      const again = open(await readFile(file, "utf8"));
      assert.deepEqual(notebookToJson(again), notebookToJson(notebook));
      assert.deepEqual(again.cells[1]?.metadata, notebook.cells[1]?.metadata, "1.0 is still 1.0");
    });
  });
});
