import { posix } from "node:path";
import { kindOf } from "./entry.ts";
import { FilesError } from "./error.ts";
import type { FileSystem } from "./port.ts";
import { lstatOrUndefined } from "./write.ts";

const MOST_LINKS = 40;

/**
 * A file system whose `/` is the folder `root` of another. Neither `..` nor a link leads out of it: a link is followed
 * as seen from inside, and refused when its target is the outside's.
 */
export function createScratchRoot(system: FileSystem, root: string): FileSystem {
  /** Where a path of the inside lies outside, its links followed but for the last part's unless `follow`. */
  const locate = async (path: string, follow: boolean): Promise<string> => {
    let parts = path.split("/").filter((part) => part !== "");
    let done: string[] = [];
    let links = 0;
    while (parts.length > 0) {
      const [part, ...rest] = parts as [string, ...string[]];
      parts = rest;
      if (part === "." || part === "..") {
        done = part === "." ? done : done.slice(0, -1);
        continue;
      }
      const here = posix.join(root, ...done, part);
      if ((rest.length > 0 || follow) && (await isLink(system, here))) {
        links += 1;
        if (links > MOST_LINKS) throw new FilesError("invalid-path", path, { message: "too many symbolic links" });
        const target = await system.readLink(here);
        if (target.startsWith("/")) throw outside(path, target);
        if (depthOf(target, done.length) < 0) throw outside(path, target);
        parts = [...target.split("/").filter((step) => step !== ""), ...rest];
      } else done.push(part);
    }
    return posix.join(root, ...done);
  };
  const inside = (path: string) => (path === root ? "/" : path.slice(root.length));
  const through = async <T>(path: string, follow: boolean, work: (real: string) => Promise<T>): Promise<T> => {
    const real = await locate(path, follow);
    try {
      return await work(real);
    } catch (error) {
      if (!(error instanceof FilesError)) throw error;
      throw new FilesError(error.code, path, {
        message: error.message.slice(error.path.length + 2),
        cause: error.cause,
      });
    }
  };
  return {
    chunk: system.chunk,
    window: system.window,
    temporaryFolder: "/tmp",
    resolve(path) {
      if (path === "" || path.includes("\0")) {
        throw new FilesError("invalid-path", JSON.stringify(path), {
          message: "this is not a path; is a variable empty?",
        });
      }
      return posix.normalize(posix.join("/", path));
    },
    open: (path) => through(path, true, (real) => system.open(real)),
    create: (path, mode) => through(path, false, (real) => system.create(real, mode)),
    stat: (path) => through(path, true, (real) => system.stat(real)),
    lstat: (path) => through(path, false, (real) => system.lstat(real)),
    readFolder: (path) => through(path, true, (real) => system.readFolder(real)),
    readLink: (path) => through(path, false, (real) => system.readLink(real)),
    realPath: async (path) => inside(await locate(path, true)),
    makeFolder: (path, mode) => through(path, false, (real) => system.makeFolder(real, mode)),
    makeLink: (target, path) => through(path, false, (real) => system.makeLink(target, real)),
    rename: async (from, to) => {
      const source = await locate(from, false);
      await through(to, false, (real) => system.rename(source, real));
    },
    removeFile: (path) => through(path, false, (real) => system.removeFile(real)),
    removeFolder: (path) => through(path, false, (real) => system.removeFolder(real)),
    setMode: (path, mode) => through(path, true, (real) => system.setMode(real, mode)),
    setOwner: (path, uid, gid) => through(path, false, (real) => system.setOwner(real, uid, gid)),
    setTimes: (path, times) => through(path, false, (real) => system.setTimes(real, times)),
    syncFolder: (path) => through(path, true, (real) => system.syncFolder(real)),
  };
}

function outside(path: string, target: string): FilesError {
  return new FilesError("outside-root", path, { message: `a link in it leads to ${target}, outside this root` });
}

/** How deep below the root a relative target comes at its shallowest, from a folder `start` deep. */
function depthOf(target: string, start: number): number {
  let depth = start;
  let least = start;
  for (const step of target.split("/")) {
    if (step === "..") depth -= 1;
    else if (step !== "" && step !== ".") depth += 1;
    least = Math.min(least, depth);
  }
  return least;
}

async function isLink(system: FileSystem, path: string): Promise<boolean> {
  const stat = await lstatOrUndefined(system, path);
  return stat !== undefined && kindOf(stat.mode) === "link";
}
