import { execFile } from "node:child_process";
import { basename, dirname } from "node:path";
import { promisify } from "node:util";

const LIMIT_BYTES = 134_217_728;
const TIMEOUT_MS = 20_000;

/**
 * The file as the last commit of its git repository has it; null where there is none. Asks for the object itself, so
 * that no filter, text conversion or hook a repository names is run.
 */
export async function gitHead(file: string): Promise<string | null> {
  // Variables of an outer git (a hook, a difftool) would point at its repository.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"));
  const env = { ...Object.fromEntries(own), GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  const args = ["-c", "core.fsmonitor=false", "cat-file", "blob", `HEAD:./${basename(file)}`];
  try {
    const options = { cwd: dirname(file), env, maxBuffer: LIMIT_BYTES, timeout: TIMEOUT_MS };
    return (await promisify(execFile)("git", args, options)).stdout;
  } catch {
    return null;
  }
}
