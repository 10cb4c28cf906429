import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const schema = z.strictObject({
  version: z.literal(1),
  pid: z.number().int(),
  /** As this machine reaches the server. */
  localUrl: z.string(),
  publicUrl: z.string(),
  root: z.string(),
  startedAt: z.string(),
  /** An admin token; why the file is for its owner alone. */
  token: z.string(),
});
export type RunFile = z.infer<typeof schema>;

function folder(): string {
  const state = process.env.XDG_STATE_HOME || join(homedir(), ".local", "state");
  return join(state, "opsbook");
}

/** Returns what removes it again. */
export function writeRunFile(run: Omit<RunFile, "version">): () => void {
  mkdirSync(folder(), { recursive: true, mode: 0o700 });
  const file = join(folder(), `server-${run.pid}.json`);
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify({ version: 1, ...run }, null, 1)}\n`, { mode: 0o600, flag: "wx" });
  return () => rmSync(file, { force: true });
}

/** This user's servers; files whose process is gone are removed on the way. */
export function readRunFiles(): RunFile[] {
  let names: string[];
  try {
    names = readdirSync(folder());
  } catch {
    return [];
  }
  const runs: RunFile[] = [];
  for (const name of names.filter((one) => /^server-\d+\.json$/.test(one))) {
    const file = join(folder(), name);
    try {
      const run = schema.parse(JSON.parse(readFileSync(file, "utf8")));
      if (isAlive(run.pid)) runs.push(run);
      else rmSync(file, { force: true });
    } catch {
      rmSync(file, { force: true });
    }
  }
  return runs;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
