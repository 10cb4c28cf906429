/** Memory of the processes of a product, by what they do. Linux only. */
import { readdirSync, readFileSync } from "node:fs";

export type Part = "server" | "keeper" | "kernel" | "tab";

const PARTS: readonly [Part, RegExp][] = [
  ["tab", /--type=renderer/],
  ["keeper", /keeper[/]main/],
  ["server", /\bserve\b|jupyter-lab|jupyter\0lab/],
  ["kernel", /kernel/],
];

/**
 * Megabytes resident of each part among the processes that have `mark` in their environment, and those below them; of
 * many tabs the biggest.
 */
export function residentMegabytes(mark: string): Partial<Record<Part, number>> {
  const processes = new Map(readProcesses().map((each) => [each.pid, each]));
  const isOurs = (pid: number): boolean => {
    const each = processes.get(pid);
    return each !== undefined && (each.environment.includes(mark) || isOurs(each.parent));
  };
  const found: Partial<Record<Part, number>> = {};
  for (const { pid, command, megabytes } of processes.values()) {
    const part = PARTS.find(([, pattern]) => pattern.test(command))?.[0];
    if (part && isOurs(pid)) found[part] = Math.max(found[part] ?? 0, megabytes);
  }
  return found;
}

function readProcesses() {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const read = (file: string) => readFileSync(`/proc/${name}/${file}`, "latin1");
      try {
        const status = read("status");
        const value = (key: string) => Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
        const megabytes = value("VmRSS") / 1000;
        return [
          {
            pid: Number(name),
            parent: value("PPid"),
            command: read("cmdline"),
            environment: read("environ"),
            megabytes,
          },
        ];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
}
