/** `lines.ts WHO LIBRARY FILE`: counts the lines of FILE one by one and prints lines, milliseconds and peak memory as JSON. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";

const [who, library, file] = process.argv.slice(2);
// Lines are awaitable too, and would be read whole on the way out of an async function.
const { lines } = await reader(String(who), String(library), String(file));
const begun = performance.now();
let count = 0;
let characters = 0;
for await (const line of lines) {
  count += 1;
  characters += line.length;
}
const milliseconds = performance.now() - begun;
process.stdout.write(
  JSON.stringify({ count, characters, milliseconds, memory: process.resourceUsage().maxRSS * 1024 }),
);

async function reader(name: string, url: string, path: string): Promise<{ lines: AsyncIterable<string> }> {
  if (name === "readline")
    return { lines: createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY }) };
  const { files } = (await import(url)) as { files: { lines: (path: string) => AsyncIterable<string> } };
  return { lines: files.lines(path) };
}
