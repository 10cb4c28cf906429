/** Installs the packages of the lock file when, and only when, what is installed differs from it. */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { capture } from "./processes.mjs";
import { hasPinnedNode, ROOT, Stop, say } from "./project.mjs";

/** Why an install is needed, or `undefined` where everything of the lock file is there. */
export function reasonToInstall(root = ROOT) {
  const wanted = readLock(join(root, "package-lock.json"));
  if (wanted === undefined)
    throw new Stop("package-lock.json is missing or damaged: restore it with `git checkout package-lock.json`.");
  const installed = readLock(join(root, "node_modules", ".package-lock.json"));
  if (installed === undefined) return "nothing is installed yet";
  for (const [path, entry] of Object.entries(wanted)) {
    // Workspaces are the checkout itself; optional packages may be another platform's.
    if (!path.startsWith("node_modules/") || entry.optional || entry.devOptional) continue;
    const held = installed[path];
    if (held === undefined) return `${path.slice("node_modules/".length)} is not installed`;
    if (held.version !== entry.version || held.integrity !== entry.integrity) {
      return `${path.slice("node_modules/".length)} is ${held.version}, the lock file wants ${entry.version}`;
    }
  }
  return hasPinnedNode(root) ? undefined : "the project's own Node is not installed";
}

/** Makes `node_modules` what the lock file says. */
export async function ensureInstalled(root = ROOT) {
  const reason = reasonToInstall(root);
  if (reason === undefined) return false;
  checkWritable(root);
  say(`Installing packages (${reason}) …`);
  const started = Date.now();
  const ticker = setInterval(() => say(`  still installing, ${seconds(started)} s`), 15_000);
  const { code, output } = await npmCi(root).finally(() => clearInterval(ticker));
  if (code !== 0) throw explainNpm(code, output);
  if (!hasPinnedNode(root)) {
    throw new Stop(
      `No Node build for ${process.platform}-${process.arch} is among the packages: Opsbook runs on Linux (x64, arm64), macOS (x64) and Windows (x64).`,
    );
  }
  say(`  installed in ${seconds(started)} s`);
  return true;
}

function npmCi(root) {
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const cli = process.env.npm_execpath;
  if (cli?.endsWith(".js") && existsSync(cli)) return capture(process.execPath, [cli, ...args], { cwd: root });
  return capture("npm", args, { cwd: root, shell: process.platform === "win32" });
}

/** One sentence for what made npm fail, with what to do. */
export function explainNpm(code, output) {
  if (code === 127) return new Stop("npm was not found: install it (it comes with Node.js) and start again.");
  const has = (pattern) => pattern.test(output);
  if (
    has(/\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT)\b/)
  ) {
    return new Stop(
      "The packages could not be downloaded: check the network, or the proxy and registry settings of npm (`npm config list`), and start again.",
    );
  }
  if (has(/\bENOSPC\b/)) return new Stop("The disk is full: free about 1 GB and start again.");
  if (has(/\b(?:EACCES|EPERM|EROFS)\b/)) {
    return new Stop("npm may not write here: make this folder and ~/.npm writable for this user and start again.");
  }
  if (has(/\b(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_)/)) {
    return new Stop(
      "The registry's certificate is not trusted: point npm to your company's CA (`npm config set cafile FILE`) and start again.",
    );
  }
  if (has(/\bE40[13]\b/))
    return new Stop("The registry refused access: log in with `npm login` or mend the token in ~/.npmrc.");
  if (has(/\bEUSAGE\b|in sync/))
    return new Stop(
      "package.json and package-lock.json differ: run `npm install --ignore-scripts` and commit the lock file.",
    );
  const last = output
    .trim()
    .split("\n")
    .filter((line) => !line.includes("complete log"))
    .slice(-3)
    .join(" ");
  return new Stop(`npm ci failed (exit ${code}): ${last || "it said nothing"}`);
}

/** @throws Stop where this user may not write into the folder. */
function checkWritable(root) {
  try {
    accessSync(root, constants.W_OK);
  } catch (cause) {
    throw new Stop(
      `${root} is not writable for this user: packages are installed there, so change its owner or clone to another place.`,
      { cause },
    );
  }
}

function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

function seconds(since) {
  return Math.round((Date.now() - since) / 1000);
}
