/**
 * Python tools for tests: a virtual environment made once from a pinned requirements file and kept in
 * `.cache/venv-<hash of the file and the Python version>`. Where none can be made, tests skip with the reason.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");

export type PythonEnvironment = { python: string; bin: string } | { skip: string };

/** `name` is a file of `scripts/components/` such as `jupyter.requirements.txt`. Use `bin/python -m tool`. */
export async function pythonEnvironment(name: string): Promise<PythonEnvironment> {
  const requirements = join(import.meta.dirname, name);
  const version = await run("python3", ["--version"]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  if (version === undefined) return { skip: "python3 is not installed" };
  const hash = createHash("sha256")
    .update(await readFile(requirements))
    .update(version)
    .digest("hex")
    .slice(0, 12);
  const folder = join(ROOT, ".cache", `venv-${hash}`);
  const ready = join(folder, ".ready");
  const lock = `${folder}.lock`;
  await mkdir(join(ROOT, ".cache"), { recursive: true });
  while (!(await exists(ready))) {
    if (!(await claim(lock))) {
      await pause(200);
      continue;
    }
    try {
      if (!(await exists(ready))) await build(folder, requirements);
    } catch (error) {
      return { skip: `no Python environment for ${name}: ${reason(error)}` };
    } finally {
      await rm(lock, { force: true });
    }
  }
  return { python: join(folder, "bin/python"), bin: join(folder, "bin") };
}

async function build(folder: string, requirements: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await run("python3", ["-m", "venv", folder], { timeout: 120_000 });
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
  await run(join(folder, "bin/python"), pip, { timeout: 600_000 });
  await writeFile(join(folder, ".ready"), "");
}

/** Takes the lock file, also from an owner that is gone. */
async function claim(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    const owner = Number(await readFile(lock, "utf8").catch(() => ""));
    if (owner > 0 && !isAlive(owner)) await rm(lock, { force: true });
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function reason(error: unknown): string {
  const stderr = error instanceof Error && "stderr" in error ? String(error.stderr) : "";
  const lines = (stderr.trim() || String(error)).split("\n");
  return lines.at(-1) ?? "unknown";
}
