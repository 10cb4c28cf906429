import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { pythonEnvironment } from "../../scripts/components/python.ts";

/** Jupyter's own verdict on a notebook file; rejects with its reason. */
export async function validateNotebook(file: string): Promise<void> {
  const environment = await pythonEnvironment("jupyter.requirements.txt");
  if ("skip" in environment) throw new Error(environment.skip);
  const code = "import sys, nbformat; nbformat.validate(nbformat.read(sys.argv[1], as_version=nbformat.NO_CONVERT))";
  await promisify(execFile)(environment.python, ["-c", code, file]);
}
