/** `starts.ts WHO LIBRARY COUNT`: starts `true` one after the other and prints the milliseconds of each as JSON. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const [who, library, count] = process.argv.slice(2);
const start = await starter(String(who), String(library));
for (let warm = 0; warm < 20; warm += 1) await start();
const samples: number[] = [];
for (let turn = 0; turn < Number(count); turn += 1) {
  const begun = performance.now();
  await start();
  samples.push(performance.now() - begun);
}
process.stdout.write(JSON.stringify(samples));

async function starter(name: string, url: string): Promise<() => Promise<unknown>> {
  if (name === "child_process") {
    const run = promisify(execFile);
    return () => run("true");
  }
  if (name === "execa") {
    const { execa } = await import("execa");
    return () => execa("true");
  }
  const { sh } = (await import(url)) as { sh: (strings: TemplateStringsArray) => PromiseLike<unknown> };
  return async () => await sh`true`;
}
