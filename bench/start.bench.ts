/** From nothing to the login page, beside JupyterLab's, and what `npm start` costs when everything is there. Takes minutes. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Entry, Load, MILLISECONDS, progress, table } from "./lib/figures.ts";
import { NODE, ROOT } from "./lib/peers.ts";
import { answering, startJupyterLab } from "./lib/servers.ts";

const COLD_RUNS = 1;
const WARM_RUNS = 5;
/** Milliseconds for an installation. */
const INSTALL_LIMIT = 600_000;

const run = promisify(execFile);
const load = new Load();
const home = await mkdtemp(join(tmpdir(), "opsbook-start-"));
const cold = { clone: [] as number[], ours: [] as number[], peer: [] as number[] };
const warm = { npm: [] as number[], added: [] as number[] };
let peerMissing: string | undefined;
try {
  for (let at = 0; at < COLD_RUNS; at++) {
    progress(`clean start ${at + 1} of ${COLD_RUNS}`);
    await cloneAndStart(join(home, `clone-${at}`));
    if (peerMissing === undefined) await installAndStartJupyterLab(join(home, `jupyterlab-${at}`));
  }
  for (let at = 0; at <= WARM_RUNS; at++) {
    progress(`warm start ${at} of ${WARM_RUNS}`);
    const npm = await untilLogin("npm", ["start", "--", ...(await serveArguments(`npm-${at}`))], ROOT);
    // Help ends before anything is served: what is left are the steps before the server, and Node itself.
    const server = join(ROOT, "apps/server/opsbook.mjs");
    const wrapped = await untilEnd("npm", ["start", "--", "--help"]);
    const direct = await untilEnd(NODE, [server, "serve", "--help"]);
    // The first round fills caches.
    if (at === 0) continue;
    warm.npm.push(npm);
    warm.added.push(wrapped - direct);
  }
} finally {
  await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
process.stdout.write(report());

/** Of what is committed, with a package cache of its own that is empty. */
async function cloneAndStart(folder: string): Promise<void> {
  const begun = performance.now();
  await run("git", ["clone", "--quiet", "--no-hardlinks", ROOT, folder]);
  cold.clone.push(performance.now() - begun);
  const cache = { npm_config_cache: `${folder}-npm-cache` };
  await untilLogin("npm", ["start", "--", ...(await serveArguments("clone"))], folder, cache);
  cold.ours.push(performance.now() - begun);
  await Promise.all([folder, cache.npm_config_cache].map((each) => rm(each, { recursive: true, force: true })));
}

async function installAndStartJupyterLab(folder: string): Promise<void> {
  const begun = performance.now();
  try {
    await run("python3", ["-m", "venv", folder]);
    const python = join(folder, "bin/python");
    const requirements = join(import.meta.dirname, "peers.requirements.txt");
    const pip = ["-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check"];
    await run(python, [...pip, "-r", requirements], { timeout: INSTALL_LIMIT });
    await using server = await startJupyterLab(python);
    await answering(server.loginUrl);
    cold.peer.push(performance.now() - begun);
  } catch (error) {
    peerMissing = (error instanceof Error ? error.message.split("\n")[0] : undefined) ?? "it did not start";
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function serveArguments(name: string): Promise<string[]> {
  const folder = join(home, name, "notebooks");
  await mkdir(folder, { recursive: true });
  return [folder, "--port", "0", "--set", "kernels.onStop=end"];
}

/** Milliseconds until the printed login page answers; the server has ended when it resolves. */
async function untilLogin(program: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<number> {
  const begun = performance.now();
  const state = { XDG_STATE_HOME: join(home, "state"), XDG_CONFIG_HOME: join(home, "config") };
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...state, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  try {
    await answering(await printedUrl(child));
    return performance.now() - begun;
  } finally {
    // npm alone: its children follow, and a second signal would keep the server from ending its kernels.
    child.kill("SIGTERM");
    await closed;
  }
}

async function untilEnd(program: string, args: string[]): Promise<number> {
  const begun = performance.now();
  await run(program, args, { cwd: ROOT });
  return performance.now() - begun;
}

async function printedUrl(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [url] = /http:\S+\/login#token=\S+(?=\s)/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    });
  }
  child.once("error", reject);
  child.once("exit", (code) => reject(new Error(`It ended with ${code}:\n${said}`)));
  return promise;
}

function report(): string {
  const peer: Entry = peerMissing === undefined ? cold.peer : { missing: peerMissing };
  const clean = table(
    ["Opsbook: clone and `npm start`", "JupyterLab: `venv`, `pip install`, `jupyter lab`"],
    [
      { what: "nothing → login page answers", unit: MILLISECONDS, of: [cold.ours, peer] },
      { what: "of it the clone", unit: MILLISECONDS, of: [cold.clone, undefined] },
    ],
  );
  const again = table(
    ["Opsbook"],
    [
      { what: "`npm start` → login page answers", unit: MILLISECONDS, of: [warm.npm] },
      { what: "of it before the server starts", unit: MILLISECONDS, of: [warm.added] },
    ],
  );
  return [
    `From nothing: ${COLD_RUNS} run(s) in turns, package caches empty, the clone from this machine, packages from the network's registries. Median (min – max); ${load}.`,
    clean,
    `Again, nothing changed: ${WARM_RUNS} runs; what comes before the server is the difference between \`npm start -- --help\` and the \`--help\` of the server itself.`,
    `${again}\n`,
  ].join("\n\n");
}
