import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** A program that a test needs is not on this machine. */
export class MissingComponent extends Error {
  override readonly name = "MissingComponent";
  /** The Debian package that has it. */
  readonly missing: string;

  constructor(program: string, missing: string) {
    super(`${program} is not installed: apt-get install ${missing}`);
    this.missing = missing;
  }
}

/** System programs live outside the PATH of ordinary users. */
const SYSTEM_FOLDERS = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/** The full path of a program. @throws MissingComponent naming the Debian package. */
export function findProgram(program: string, debianPackage: string): string {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_FOLDERS]) {
    const candidate = join(folder, program);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // The next folder may have it.
    }
  }
  throw new MissingComponent(program, debianPackage);
}
