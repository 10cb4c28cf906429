/** `npm run dev`: the server, restarted at every change, and Vite in front of it with hot reload. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureInstalled } from "./lib/install.mjs";
import { pinnedNode, ROOT, runMain, say } from "./lib/project.mjs";

await runMain(async (args) => {
  await ensureInstalled();
  const port = process.env.OPSBOOK_DEV_PORT ?? "8888";
  const env = { ...process.env, OPSBOOK_SERVER: `http://127.0.0.1:${port}` };
  const node = pinnedNode();
  const options = { cwd: ROOT, env, stdio: "inherit" };
  const serve = ["apps/server/opsbook.mjs", "serve", "./notebooks", "--port", port, ...args];
  const children = [
    spawn(node, ["--watch", "--watch-preserve-output", ...serve], options),
    spawn(node, [join(ROOT, "node_modules/vite/bin/vite.js"), "--config", "vite.config.ts"], options),
  ];
  say(
    `Log in through the address of the server, then work on http://127.0.0.1:5173 (same login, port ${port} replaced).`,
  );
  const stop = () => children.forEach((child) => void child.kill("SIGTERM"));
  process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);
  const codes = children.map((child) => new Promise((resolve) => child.once("close", (code) => resolve(code ?? 0))));
  const first = await Promise.race(codes);
  stop();
  await Promise.all(codes);
  return first;
});
