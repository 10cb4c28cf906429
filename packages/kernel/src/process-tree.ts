import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export function childrenOf(pid: number): number[] {
  return processes().flatMap(([child, parent]) => (parent === pid ? [child] : []));
}

/**
 * A process and everything it started, as far as any look at it has shown: what outlives its parent is still known.
 * A number that the system gave to another process meanwhile is not taken for ours.
 */
export class ProcessTree {
  readonly #root: number;
  /** Start times by process id; empty where the system does not tell. */
  readonly #members = new Map<number, string>();

  constructor(pid: number) {
    this.#root = pid;
    this.#look();
  }

  /** Signals all that are left. Processes that are gone, or that are not ours to signal, are no error. */
  signal(signal: NodeJS.Signals): void {
    this.#look();
    for (const pid of this.#alive()) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended by itself meanwhile, or belongs to another user: `survivors` tells.
      }
    }
  }

  /** What is still there, with its command. */
  survivors(): { pid: number; command: string }[] {
    this.#look();
    return this.#alive().map((pid) => ({ pid, command: commandOf(pid) }));
  }

  #look(): void {
    if (!this.#members.has(this.#root)) this.#members.set(this.#root, startTime(this.#root));
    const byParent = Map.groupBy(processes(), ([, parent]) => parent);
    const queue = [...this.#members.keys()];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      for (const [child] of byParent.get(next) ?? []) {
        if (this.#members.has(child)) continue;
        this.#members.set(child, startTime(child));
        queue.push(child);
      }
    }
  }

  #alive(): number[] {
    return [...this.#members].flatMap(([pid, born]) => (isRunning(pid) && startTime(pid) === born ? [pid] : []));
  }
}

function isRunning(pid: number): boolean {
  // A zombie waits for its parent to ask, and is no more.
  if (statFields(pid)?.[0] === "Z") return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Source: proc_pid_stat(5), field 22. */
export function startTime(pid: number): string {
  return statFields(pid)?.[19] ?? "";
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim().slice(0, 80);
  } catch {
    return "";
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

function statOf(pid: number): [number, number][] {
  const fields = statFields(pid);
  return fields ? [[pid, Number(fields[1])]] : [];
}

/** From field 3, the state, on: they follow the command's name, which is in brackets and may hold anything. */
function statFields(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
