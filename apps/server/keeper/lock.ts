/** One keeper a folder: a file that names its holder, taken over when the holder is gone. */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { identify, isAlive, type ProcessIdentity, processIdentitySchema } from "./process-table.ts";

/** Returns false when a living process holds the lock. */
export function takeLock(file: string): boolean {
  const me = identify(process.pid);
  if (!me) return true;
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify(me), { flag: "wx", mode: 0o600 });
      return true;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const holder = readIdentity(file);
    if (holder && isAlive(holder)) return false;
    steal(file, holder);
  }
}

/** Moves a dead holder's file away; when somebody else was quicker, their fresh one is put back. */
function steal(file: string, dead: ProcessIdentity | null): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const moved = readIdentity(aside);
  if (moved && moved.pid !== dead?.pid && isAlive(moved)) {
    try {
      linkSync(aside, file);
    } catch {
      // A third process holds it by now: its lock stands.
    }
  }
  rmSync(aside, { force: true });
}

function readIdentity(file: string): ProcessIdentity | null {
  try {
    return processIdentitySchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return null;
  }
}
