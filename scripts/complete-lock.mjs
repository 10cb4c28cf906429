/** Adds the entries of other platforms' packages that `npm install` left out of package-lock.json. Run it after each install. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { completeLock, missingEntries } from "./lib/lock.mjs";
import { ROOT, runMain, say } from "./lib/project.mjs";

await runMain(() => {
  const file = join(ROOT, "package-lock.json");
  const lock = JSON.parse(readFileSync(file, "utf8"));
  const added = missingEntries(lock.packages).length;
  if (added > 0) writeFileSync(file, `${JSON.stringify(completeLock(lock), null, 2)}\n`);
  say(`${added} entries added to package-lock.json`);
});
