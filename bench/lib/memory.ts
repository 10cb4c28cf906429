/** Memory of the processes of a product, by what they do. Linux only. */
import { readdirSync, readFileSync } from "node:fs";

export type Part = "server" | "keeper" | "kernel" | "tab";

const PARTS: readonly [Part, RegExp][] = [
  ["tab", /--type=renderer/],
  ["keeper", /keeper[/]main/],
  ["server", /\bserve\b|jupyter-lab|jupyter\0lab/],
  ["kernel", /kernel/],
];

/** Megabytes resident of each part among the processes that have `mark` in their environment; of many tabs the biggest. */
export function residentMegabytes(mark: string): Partial<Record<Part, number>> {
  const found: Partial<Record<Part, number>> = {};
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark)) continue;
      const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      const part = PARTS.find(([, pattern]) => pattern.test(command))?.[0];
      const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
      if (part && kilobytes) found[part] = Math.max(found[part] ?? 0, Number(kilobytes) / 1000);
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}
