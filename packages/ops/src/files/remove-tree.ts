import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { posix } from "node:path";
import { formatBytes } from "../core/display.ts";
import { GuardError } from "../core/guard.ts";
import { Plan, type PlannedChange } from "../core/plan.ts";
import { kindOf } from "./entry.ts";
import { FilesError } from "./error.ts";
import type { FileSystem } from "./port.ts";
import { readFile } from "./transfer.ts";
import { type TreeItem, walkTree } from "./tree.ts";

/** What a removal came to. */
export interface Removed {
  /** Files, links and folders. */
  readonly count: number;
  readonly bytes: number;
}

/** The removal of a tree: looked at first, refused if anything in it changes before. */
export class RemoveTreePlan extends Plan<Removed> {
  readonly title: string;
  readonly changes: readonly PlannedChange[];
  /** Files, links and folders that would go. */
  readonly count: number;
  readonly bytes: number;
  readonly path: string;
  protected readonly basis: string;
  readonly #system: FileSystem;

  /** @throws GuardError for what is never removed; FilesError */
  static async make(system: FileSystem, path: string, signal: AbortSignal): Promise<RemoveTreePlan> {
    await refuseDangerous(system, path, signal);
    return new RemoveTreePlan(system, path, await itemsOf(system, path, signal));
  }

  private constructor(system: FileSystem, path: string, items: readonly TreeItem[]) {
    super();
    this.#system = system;
    this.path = path;
    this.count = items.length;
    this.bytes = items.reduce((sum, { stat }) => sum + (kindOf(stat.mode) === "file" ? stat.size : 0), 0);
    this.title = `remove ${path}: ${this.count} files and folders, ${formatBytes(this.bytes)}`;
    this.changes = items.map((item) => ({ action: "delete", target: item.path }));
    this.basis = fingerprintOf(items);
  }

  protected async fingerprint(signal: AbortSignal): Promise<string> {
    await refuseDangerous(this.#system, this.path, signal);
    return fingerprintOf(await itemsOf(this.#system, this.path, signal));
  }

  protected async execute(signal: AbortSignal): Promise<Removed> {
    const items = await itemsOf(this.#system, this.path, signal);
    for (const { path, stat } of items.reverse()) {
      signal.throwIfAborted();
      if (kindOf(stat.mode) === "folder") await this.#system.removeFolder(path);
      else await this.#system.removeFile(path);
    }
    return Object.freeze({ count: this.count, bytes: this.bytes });
  }
}

async function itemsOf(system: FileSystem, path: string, signal: AbortSignal): Promise<TreeItem[]> {
  const items: TreeItem[] = [];
  for await (const item of walkTree(system, path, signal)) items.push(item);
  return items;
}

function fingerprintOf(items: readonly TreeItem[]): string {
  const hash = createHash("sha256");
  for (const { relative, stat } of items) {
    hash.update(JSON.stringify([relative, stat.mode, stat.size, stat.modifiedMs, stat.uid, stat.gid]));
  }
  return hash.digest("hex");
}

/** Folders a machine cannot do without. */
const KEPT = new Set(
  `/bin /boot /dev /etc /home /lib /lib64 /opt /proc /root /run /sbin /srv /sys /tmp /usr /usr/bin /usr/lib /usr/local
   /usr/sbin /usr/share /var /var/lib /var/log /var/tmp`.split(/\s+/),
);

async function refuseDangerous(system: FileSystem, path: string, signal: AbortSignal): Promise<void> {
  const refuse = (why: string): never => {
    throw new GuardError({
      rule: "files.remove-tree",
      why: `${path} ${why}`,
      instead: "name the folder below it that is meant; a removed tree does not come back",
    });
  };
  if (path === "/") refuse("is the whole machine");
  // Wherever a link on the way leads, what is meant is judged by where it lies.
  const real = posix.join(await system.realPath(posix.dirname(path)), posix.basename(path));
  if (real === "/" || KEPT.has(real)) refuse("is a folder that the system needs");
  if (/^\/home\/[^/]+$/.test(real) || real === homedir() || homedir().startsWith(`${real}/`)) refuse("is a home");
  for (const mounted of await mountPoints(system, signal)) {
    if (mounted === real) refuse("is a mount point: what is removed there belongs to another disk");
    if (mounted.startsWith(`${real}/`)) refuse(`holds the mount point ${mounted}`);
  }
}

/** Source: proc(5), `/proc/PID/mountinfo`, the fifth field with its octal escapes. */
async function mountPoints(system: FileSystem, signal: AbortSignal): Promise<string[]> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of readFile(system, { path: "/proc/self/mountinfo", signal })) chunks.push(chunk);
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
  }
  const text = Buffer.concat(chunks).toString("utf8");
  const plain = (field: string) =>
    field.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
  return text.split("\n").flatMap((line) => plain(line.split(" ")[4] ?? "") || []);
}
