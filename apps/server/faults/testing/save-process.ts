/** Saves one file again and again, a version at each line that comes in, in a process that a test may kill. */
import { createInterface } from "node:readline";
import { writeAtomic } from "../../store/atomic-write.ts";

const file = process.argv[2] ?? "";
process.stdout.write("ready\n");
for await (const text of createInterface({ input: process.stdin })) {
  try {
    await writeAtomic(file, text);
    process.stdout.write("saved\n");
  } catch (error) {
    process.stdout.write(`${(error as NodeJS.ErrnoException).code}\n`);
  }
}
