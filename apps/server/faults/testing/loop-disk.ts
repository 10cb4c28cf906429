/** A small ext4 on an image file, and copies of that image: what a power cut at that moment would leave. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const BYTES = 64 * 1024 * 1024;

export interface LoopDisk extends Disposable {
  /** Where it is mounted. */
  folder: string;
  /** Mounts a copy of the disk as it is now. What its file system has not written yet is not there. */
  copy(): LoopDisk;
}

/** Null where there is no way to mount a disk: not root, or a machine without loop devices. */
export function makeLoopDisk(place: string): LoopDisk | null {
  if (process.getuid?.() !== 0 || !existsSync("/dev/loop-control")) return null;
  const image = join(place, "disk.img");
  writeFileSync(image, "");
  truncateSync(image, BYTES);
  try {
    run("mkfs.ext4", "-q", "-F", image);
    return mounted(place, image);
  } catch {
    return null;
  }
}

let copies = 0;

function mounted(place: string, image: string): LoopDisk {
  const folder = `${image}.mounted`;
  mkdirSync(folder, { recursive: true });
  run("mount", "-o", "loop", image, folder);
  return {
    folder,
    copy: () => {
      copies += 1;
      const copied = join(place, `copy-${copies}.img`);
      run("cp", "--sparse=always", image, copied);
      return mounted(place, copied);
    },
    [Symbol.dispose]: () => {
      run("umount", folder);
      rmSync(image);
    },
  };
}

function run(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
}
