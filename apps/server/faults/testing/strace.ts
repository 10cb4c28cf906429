import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Tracing {
  /** What was traced, once it is over. */
  log(): string;
  ended: Promise<void>;
  stop(): Promise<void>;
}

/** Why nothing can be traced here, or null. */
export function whyNoStrace(): string | null {
  const { status } = spawnSync("strace", ["-qq", "-o", "/dev/null", "true"], { stdio: "ignore" });
  return status === 0 ? null : "strace is not installed or may not trace here";
}

/**
 * Attaches to every thread of a running process; resolves when it traces. `inject` as in strace(1); it counts the
 * calls of each thread for itself, so give the process one thread for files (`UV_THREADPOOL_SIZE=1`).
 */
export async function trace(pid: number, folder: string, inject: string): Promise<Tracing> {
  const file = join(folder, "strace.log");
  const calls = inject.slice(0, inject.indexOf(":"));
  const args = ["-f", "-y", "-p", String(pid), "-o", file, "-e", `trace=${calls}`, "-e", `inject=${inject}`];
  const child = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit").then(() => {});
  let said = "";
  const attached = new Promise<void>((resolve) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (/attached/.test(said)) resolve();
    });
  });
  await Promise.race([attached, ended]);
  if (!/attached/.test(said)) throw new Error(`strace could not attach: ${said}`);
  return {
    log: () => readFileSync(file, "utf8"),
    ended,
    stop: async () => {
      child.kill("SIGINT");
      await ended;
    },
  };
}
