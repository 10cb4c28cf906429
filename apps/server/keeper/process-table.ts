/** What /proc tells about processes and their memory cgroup. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** A process that cannot be mistaken for a later one of the same number. */
export const processIdentitySchema = z.object({ pid: z.int().min(2), startTicks: z.string() });
export type ProcessIdentity = z.output<typeof processIdentitySchema>;

export function identify(pid: number): ProcessIdentity | null {
  const stat = read(`/proc/${pid}/stat`);
  // The second field is the command in brackets and may itself hold blanks and brackets. Source: proc(5).
  const startTicks = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return startTicks === undefined ? null : { pid, startTicks };
}

/** One letter, such as `T` for stopped. Source: proc(5). */
export function stateOf(pid: number): string | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.charAt(stat.lastIndexOf(")") + 2) ?? null;
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTicks === identity.startTicks;
}

/** Counts how often the out-of-memory killer struck in the cgroup of `pid`, or null when that cannot be known. */
export function oomCounter(pid: number): (() => number) | null {
  const groups = read(`/proc/${pid}/cgroup`)?.split("\n") ?? [];
  for (const line of groups) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    const v2 = controllers === "";
    if (!v2 && !controllers.split(",").includes("memory")) continue;
    const mount = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    const name = v2 ? "memory.events" : "memory.oom_control";
    // Inside a container the path may be the host's, and its own group is then the root of the mount.
    for (const file of [join(mount, path, name), join(mount, name)]) {
      if (readOomKills(file) !== null) return () => readOomKills(file) ?? 0;
    }
  }
  return null;
}

function readOomKills(file: string): number | null {
  const found = /^oom_kill (\d+)$/m.exec(read(file) ?? "");
  return found ? Number(found[1]) : null;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
