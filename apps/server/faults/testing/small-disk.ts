/** A tmpfs that a test fills up. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const BYTES = 24 * 1024 * 1024;
const FILLER = "filler";

export interface SmallDisk extends Disposable {
  folder: string;
  /** Leaves not one free byte. */
  fill(): void;
  free(): void;
}

/** Null where nothing can be mounted. */
export function makeSmallDisk(place: string): SmallDisk | null {
  const folder = join(place, "small-disk");
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${BYTES},mode=700`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return null;
  }
  const filler = join(folder, FILLER);
  return {
    folder,
    fill: () => {
      const fd = openSync(filler, "a");
      for (let size = 1_048_576; size >= 1; ) {
        try {
          writeSync(fd, Buffer.alloc(size));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
          size = Math.floor(size / 16);
        }
      }
      closeSync(fd);
    },
    free: () => rmSync(filler),
    [Symbol.dispose]: () => execFileSync("umount", [folder]),
  };
}
