/** `npm start`: installs what is missing, builds the web app when stale, then is the server. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureInstalled } from "./lib/install.mjs";
import { standIn } from "./lib/processes.mjs";
import { pinnedNode, ROOT, runMain, Stop } from "./lib/project.mjs";
import { ensureWebBuilt } from "./lib/web.mjs";

await runMain(async (args) => {
  await ensureInstalled();
  await ensureWebBuilt();
  const server = join(ROOT, "apps/server/opsbook.mjs");
  if (!existsSync(server)) throw new Stop(`${server} is missing: restore the checkout with \`git checkout apps\`.`);
  return standIn(pinnedNode(), [server, "serve", "--default-dir", "./notebooks", ...args], { cwd: ROOT });
});
