/** Entry of the keeper process. The server starts it detached; it lives by the rules in README.md. */
import { mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensurePrivateFolder, socketPath } from "./folder.ts";
import { Keeper } from "./keeper.ts";
import { takeLock } from "./lock.ts";
import { endOrphans } from "./orphans.ts";

const { values } = parseArgs({
  options: {
    "runtime-dir": { type: "string" },
    "spool-dir": { type: "string" },
    "idle-ms": { type: "string", default: "60000" },
  },
});
const runtimeDir = values["runtime-dir"];
const spoolDir = values["spool-dir"];
const idleMs = Number(values["idle-ms"]);
if (runtimeDir === undefined || spoolDir === undefined || !(idleMs >= 0)) {
  console.error("Usage: keeper/main.ts --runtime-dir DIR --spool-dir DIR [--idle-ms N]");
  process.exit(2);
}

function log(message: string): void {
  console.log(`${new Date().toISOString()} keeper ${process.pid}: ${message}`);
}

// Kernels and shells of people hang on this process: a mistake in one of them must not end the others.
process.on("uncaughtException", (error) => log(`uncaught: ${error.stack ?? error.message}`));
process.on("unhandledRejection", (reason) => log(`unhandled: ${reason instanceof Error ? reason.stack : reason}`));
process.on("SIGHUP", () => {});
process.on("SIGINT", () => {});

process.umask(0o077);
ensurePrivateFolder(runtimeDir);
const lock = join(runtimeDir, "keeper.lock");
if (!takeLock(lock)) {
  log("another keeper holds this folder");
  process.exit(0);
}
const orphans = endOrphans(runtimeDir);
if (orphans > 0) log(`ended ${orphans} kernels that a keeper before left behind`);
for (const entry of readdirSync(runtimeDir)) {
  if (join(runtimeDir, entry) !== lock) rmSync(join(runtimeDir, entry), { recursive: true, force: true });
}
rmSync(spoolDir, { recursive: true, force: true });
mkdirSync(spoolDir, { recursive: true, mode: 0o700 });

const keeper = new Keeper({ runtimeDir, spoolDir, idleMs, log, cleanUp, exit: () => process.exit(0) });
const server = createServer((socket) => keeper.accept(socket));
let ending = false;
process.on("SIGTERM", () => {
  // Asked twice: whatever it waits for is not worth it.
  if (ending) process.exit(1);
  ending = true;
  keeper.shutdown().catch((error: unknown) => {
    keeper.problem(error, "Shutting down failed");
    process.exit(1);
  });
});
server.on("error", (error) => {
  log(`cannot listen: ${error.message}`);
  process.exit(1);
});
server.listen(socketPath(runtimeDir), () => {
  log("ready");
  // Otherwise written at the end, which a kill takes away.
  flushCompileCache();
});

function cleanUp(): void {
  log("ending");
  server.close();
  const folder = String(runtimeDir);
  rmSync(String(spoolDir), { recursive: true, force: true });
  for (const entry of readdirSync(folder)) {
    if (join(folder, entry) !== lock) rmSync(join(folder, entry), { recursive: true, force: true });
  }
  rmSync(lock, { force: true });
  try {
    rmdirSync(folder);
  } catch {
    // The next keeper has begun in it.
  }
}
