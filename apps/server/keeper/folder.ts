/** The folder that holds the keeper's socket and the kernels' sockets and keys: this user's alone. */
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import { KeeperError } from "./error.ts";

/** Longest path of a Unix socket in bytes, without its closing NUL. Source: unix(7), `sun_path`. */
const MAX_SOCKET_PATH = 107;

/** What is appended to the folder for the longest socket name, a kernel's: `/k1a2b3c4d.99-5`. */
const LONGEST_NAME = "/k1a2b3c4d.9999-5".length;

export function socketPath(folder: string): string {
  return join(folder, "keeper.sock");
}

/** Where the keeper of the served folder `root` (a real path) lives, when nobody says otherwise. */
export function defaultRuntimeDir(root: string, env: Readonly<Record<string, string | undefined>>): string {
  const hash = createHash("sha256").update(root).digest("hex").slice(0, 12);
  const xdg = env.XDG_RUNTIME_DIR;
  if (xdg?.startsWith("/")) {
    const folder = join(xdg, `opsbook-${hash}`);
    if (isOurs(xdg) && fits(folder)) return folder;
  }
  return join("/tmp", `opsbook-${uid()}-${hash}`);
}

/**
 * Creates the folder with mode 0700, or makes sure that the one there is a folder, ours, and closed to others.
 * Refusing is all that is safe otherwise: whoever made it may hold what is inside.
 */
export function ensurePrivateFolder(folder: string): void {
  if (!fits(folder)) {
    throw new KeeperError(
      "path-too-long",
      `${folder} is too long for Unix sockets (${MAX_SOCKET_PATH} bytes with a socket's name): choose a shorter one.`,
    );
  }
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EEXIST")) {
      throw new KeeperError("unsafe-folder", `${folder} cannot be made: ${String(cause)}`, { cause });
    }
  }
  const stats = lstatSync(folder);
  const reason = reasonAgainst(stats);
  if (reason) throw new KeeperError("unsafe-folder", `${folder} ${reason}: it is not used. Remove it or name another.`);
}

function reasonAgainst(stats: Stats): string | null {
  if (stats.isSymbolicLink()) return "is a symbolic link";
  if (!stats.isDirectory()) return "is not a folder";
  if (stats.uid !== uid()) return `belongs to user ${stats.uid}`;
  if ((stats.mode & 0o077) !== 0) return `is open to others (mode ${(stats.mode & 0o777).toString(8)})`;
  return null;
}

function isOurs(folder: string): boolean {
  try {
    return reasonAgainst(lstatSync(folder)) === null;
  } catch {
    return false;
  }
}

function fits(folder: string): boolean {
  return Buffer.byteLength(folder) + LONGEST_NAME <= MAX_SOCKET_PATH;
}

function uid(): number {
  return process.getuid?.() ?? 0;
}
