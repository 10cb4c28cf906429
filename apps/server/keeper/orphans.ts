/** A note of the kernels that run, so that the next keeper can end those that a killed one left behind. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { identify, isAlive, processIdentitySchema } from "./process-table.ts";

const FILE = "kernels.json";

export function noteProcesses(runtimeDir: string, pids: readonly number[]): void {
  const identities = pids.map(identify).filter((identity) => identity !== null);
  writeFileSync(join(runtimeDir, FILE), JSON.stringify(identities), { mode: 0o600 });
}

/** Kills the process groups of kernels whose keeper is gone; returns how many there were. */
export function endOrphans(runtimeDir: string): number {
  let text: string;
  try {
    text = readFileSync(join(runtimeDir, FILE), "utf8");
  } catch {
    return 0;
  }
  const orphans = z.array(processIdentitySchema).parse(JSON.parse(text)).filter(isAlive);
  for (const { pid } of orphans) {
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It ended in the meantime.
    }
  }
  return orphans.length;
}
