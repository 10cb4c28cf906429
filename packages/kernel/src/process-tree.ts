import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Process ids below a process, children before their own children. */
function descendants(pid: number): number[] {
  const byParent = new Map<number, number[]>();
  for (const [child, parent] of processes()) {
    const siblings = byParent.get(parent);
    if (siblings) siblings.push(child);
    else byParent.set(parent, [child]);
  }
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const children = byParent.get(next) ?? [];
    found.push(...children);
    queue.push(...children);
  }
  return found;
}

export function childrenOf(pid: number): number[] {
  return processes().flatMap(([child, parent]) => (parent === pid ? [child] : []));
}

/** Signals a process and everything below it. Processes that are gone are no error. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  for (const one of [pid, ...descendants(pid)]) {
    try {
      process.kill(one, signal);
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

function processes(): [pid: number, parent: number][] {
  try {
    return readdirSync("/proc").flatMap((entry) => (/^\d+$/.test(entry) ? statOf(Number(entry)) : []));
  } catch {
    const listing = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
    return listing.split("\n").flatMap((line) => {
      const [child, parent] = line.trim().split(/\s+/).map(Number);
      return child && parent !== undefined ? [[child, parent] as [number, number]] : [];
    });
  }
}

/** The parent's id follows the command's name, which is in brackets and may hold anything. Source: proc_pid_stat(5). */
function statOf(pid: number): [number, number][] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    return [[pid, parent]];
  } catch {
    return [];
  }
}
