import { writeSync } from "node:fs";

/** A line for whoever runs the kernel's process. By hand: the streams of `process` belong to the cells. */
export function log(text: string): void {
  try {
    writeSync(2, `${text}\n`);
  } catch {
    // Nobody reads it, or not now.
  }
}
