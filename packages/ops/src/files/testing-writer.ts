import { files } from "./index.ts";

/** Replaces one file for ever with texts that can be told whole from torn, and counts; a test kills it in the middle. */
const path = process.argv[2];
if (path === undefined) throw new Error("usage: testing-writer.ts FILE");
for (let turn = 0; ; turn += 1) {
  await files.write(path, `${turn}\n${"x".repeat(300_000)}\n${turn}\n`, { parents: true });
  process.stdout.write(`${turn}\n`);
}
