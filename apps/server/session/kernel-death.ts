import { randomUUID } from "node:crypto";
import type { SessionOutput } from "@opsbook/notebook/session";
import type { KernelEvent } from "../runtime/index.ts";

type Exited = KernelEvent & { type: "exited" };

/** Lines of standard error that are told with a kernel's death. */
const LAST_WORDS = 8;

/** Why it died, and below that the last lines it wrote to standard error. */
export function deathDetail({ cause, stderr }: Exited): string {
  const words = stderr.trimEnd().split("\n").slice(-LAST_WORDS).join("\n");
  return `The kernel died: ${cause}${words && `\n${words}`}`;
}

/** In the cell that ran when it died. */
export function deathOutput({ cause, stderr }: Exited, executionId: string): SessionOutput {
  return {
    id: randomUUID(),
    executionId,
    output_type: "error",
    ename: "KernelDied",
    evalue: cause,
    traceback: [`\u001b[31mKernelDied\u001b[39m: ${cause}`, ...(stderr ? [stderr] : [])],
  };
}
