#!/usr/bin/env node
// Plain JavaScript that Node 20 understands: finds the pinned Node of this installation and goes on under it.
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const OLDEST = 24;
const here = dirname(fileURLToPath(import.meta.url));

function pinnedNode() {
  for (let dir = here; ; dir = dirname(dir)) {
    const candidate = join(dir, "node_modules", ".bin", process.platform === "win32" ? "node.cmd" : "node");
    if (existsSync(candidate)) return candidate;
    if (dir === dirname(dir)) return null;
  }
}

function isThisNode(candidate) {
  return realpathSync(candidate) === realpathSync(process.execPath);
}

function goOnUnder(node) {
  const child = spawn(realpathSync(node), [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"]) {
    // Ctrl-C in a terminal reaches the child by itself; a second one would mean "at once".
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => fail(`The Node.js of this installation cannot be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function fail(message) {
  process.stderr.write(`opsbook: ${message}\n`);
  process.exit(1);
}

const pinned = pinnedNode();
const major = Number(process.versions.node.split(".")[0]);
if (pinned && !isThisNode(pinned)) {
  goOnUnder(pinned);
} else if (major < OLDEST) {
  fail(
    `Node.js ${process.versions.node} is too old: ${OLDEST} or newer is needed. ` +
      "`npm ci --ignore-scripts` in the project's folder installs one beside it, or use your system's newer Node.js.",
  );
} else {
  const { main } = await import("./cli/main.ts");
  process.exitCode = await main(process.argv.slice(2));
}
