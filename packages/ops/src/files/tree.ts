import { posix } from "node:path";
import { kindOf } from "./entry.ts";
import { FilesError } from "./error.ts";
import type { FileSystem, RawStat } from "./port.ts";
import { readFile } from "./transfer.ts";
import { lstatOrUndefined, replaceFile } from "./write.ts";

export interface TreeItem {
  /** From the top, empty for the top itself. */
  readonly relative: string;
  readonly path: string;
  readonly stat: RawStat;
}

/** Everything at and below `top`, each folder before what is in it; links are not followed. */
export async function* walkTree(system: FileSystem, top: string, signal: AbortSignal): AsyncGenerator<TreeItem, void> {
  const stack: TreeItem[] = [{ relative: "", path: top, stat: await system.lstat(top) }];
  for (let item = stack.pop(); item !== undefined; item = stack.pop()) {
    signal.throwIfAborted();
    yield item;
    if (kindOf(item.stat.mode) !== "folder") continue;
    const { path, relative } = item;
    const entries = [...(await system.readFolder(path))].sort((a, b) => (a.name < b.name ? 1 : -1));
    for (const { name, stat } of entries) {
      stack.push({ relative: posix.join(relative, name), path: posix.join(path, name), stat });
    }
  }
}

/** What a copy of a tree came to. */
export interface TreeCopy {
  readonly path: string;
  readonly files: number;
  readonly folders: number;
  readonly links: number;
  readonly bytes: number;
}

export interface TreeCopyJob {
  readonly source: string;
  readonly target: string;
  readonly signal: AbortSignal;
  readonly onProgress: (copy: TreeCopy) => void;
}

/**
 * Copies a tree with modes, times, links as links and, where this user may, owners.
 *
 * @throws FilesError `exists` when the target is there, `unsupported` for devices, pipes and sockets, before anything
 * is copied.
 */
export async function copyTree(system: FileSystem, job: TreeCopyJob): Promise<TreeCopy> {
  const { source, target, signal } = job;
  const items: TreeItem[] = [];
  for await (const item of walkTree(system, source, signal)) items.push(item);
  refuse(items, job);
  if ((await lstatOrUndefined(system, target)) !== undefined)
    throw new FilesError("exists", target, { message: "it exists already" });
  const copy = { path: target, files: 0, folders: 0, links: 0, bytes: 0 };
  for (const { relative, path, stat } of items) {
    signal.throwIfAborted();
    const to = posix.join(target, relative);
    switch (kindOf(stat.mode)) {
      case "folder":
        // Open to this user until its content is there, whatever its mode will be.
        await system.makeFolder(to, 0o700);
        copy.folders += 1;
        break;
      case "link":
        await system.makeLink(await system.readLink(path), to);
        await keep(system, to, stat);
        copy.links += 1;
        break;
      default:
        copy.bytes += await replaceFile(system, {
          path: to,
          pieces: readFile(system, { path, signal }),
          mode: stat.mode & 0o7777,
          signal,
        });
        await keep(system, to, stat);
        copy.files += 1;
    }
    job.onProgress(copy);
  }
  // A folder's times change with what comes into it: the deepest first.
  for (const { relative, stat } of items.filter((item) => kindOf(item.stat.mode) === "folder").reverse()) {
    await keep(system, posix.join(target, relative), stat);
  }
  await system.syncFolder(posix.dirname(target));
  return Object.freeze(copy);
}

function refuse(items: readonly TreeItem[], { source, target }: TreeCopyJob): void {
  if (target === source || target.startsWith(`${source}/`)) {
    throw new FilesError("invalid-path", target, { message: `it lies inside ${source}, which is to be copied` });
  }
  const odd = items.filter(({ stat }) => !["file", "folder", "link"].includes(kindOf(stat.mode)));
  if (odd.length === 0) return;
  const names = odd.slice(0, 5).map(({ path, stat }) => `${path} (${kindOf(stat.mode)})`);
  throw new FilesError("unsupported", source, {
    message: `${odd.length} things in it cannot be copied: ${names.join(", ")}`,
  });
}

/** Owner first: changing it clears set-uid bits. */
async function keep(system: FileSystem, path: string, stat: RawStat): Promise<void> {
  const created = await system.lstat(path);
  if (created.uid !== stat.uid || created.gid !== stat.gid) {
    // As `cp -a` does: who may not give files away keeps them.
    await system.setOwner(path, stat.uid, stat.gid).catch(() => {});
  }
  if (kindOf(stat.mode) !== "link") await system.setMode(path, stat.mode & 0o7777);
  await system.setTimes(path, stat);
}
