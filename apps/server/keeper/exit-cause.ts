import type { KernelEvent } from "./records.ts";

type Exit = Pick<KernelEvent & { type: "exited" }, "code" | "signal" | "stderr">;

/** Why a kernel ended, for a person: exit codes and signals alone say little. `oomKilled` null means unknown. */
export function describeExit(exit: Exit, oomKilled: boolean | null): string {
  const { code, signal } = exit;
  if (signal === "SIGKILL") {
    if (oomKilled)
      return "killed by the system for want of memory (signal 9; its cgroup counted an out-of-memory kill)";
    if (oomKilled === null) return "killed by signal 9 (SIGKILL): by somebody, or by the system for want of memory";
    return "killed by signal 9 (SIGKILL): its cgroup counted no out-of-memory kill, so somebody sent it";
  }
  if (signal === "SIGABRT" || code === 134) {
    if (/heap out of memory|allocation failed/i.test(exit.stderr)) return "aborted: its heap was out of memory";
    return "aborted (SIGABRT): a fatal error inside the kernel's process";
  }
  if (signal === "SIGSEGV" || code === 139) return "crashed (SIGSEGV): invalid memory access, often in native code";
  if (signal) return `ended by ${signal}`;
  if (code === 0) return "ended by itself (exit code 0)";
  if (code === 137) return "ended with exit code 137: something below it was killed by signal 9";
  return `ended with exit code ${code ?? "unknown"}`;
}
