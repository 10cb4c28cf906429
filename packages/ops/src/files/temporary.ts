import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Waits for the end of its input, which is the end of the process that holds the other side, however that comes. */
const REAPER = '(cat >/dev/null; rm -rf -- "$1") <&3 3<&- >/dev/null 2>&1 &';
let folder: string | undefined;

/**
 * A private folder of this process for temporary files. It goes with the process, also when that is killed: a small
 * helper of its own waits for that.
 */
export function temporaryFolder(): string {
  if (folder !== undefined) return folder;
  folder = mkdtempSync(join(tmpdir(), "opsbook-"));
  // The shell leaves at once, so that the helper is nobody's child and outlives an interrupt of the cell.
  const shell = spawn("/bin/sh", ["-c", REAPER, "opsbook", folder], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    detached: true,
    cwd: "/",
  });
  shell.on("error", () => {});
  shell.unref();
  const held = shell.stdio[3];
  // An open pipe must not keep a program alive that has nothing more to do.
  if (held !== null && held !== undefined && "unref" in held && typeof held.unref === "function") held.unref();
  return folder;
}
