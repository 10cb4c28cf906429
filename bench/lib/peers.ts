/** What Opsbook is measured beside, in the versions of this folder, installed once into `.cache/`. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { pythonEnvironment } from "../../scripts/components/python.ts";

export const ROOT = join(import.meta.dirname, "../..");
/** The Node that the product runs on. */
export const NODE = join(ROOT, "node_modules/.bin/node");

const NPM_PEERS = { deno: "2.9.6", tslab: "1.0.22" };

const run = promisify(execFile);

/** JupyterLab, ipykernel and a client for kernels. */
export function pythonPeers(): ReturnType<typeof pythonEnvironment> {
  return pythonEnvironment("../../bench/peers.requirements.txt");
}

/** The version of an installed Python package. */
export async function pythonVersion(python: string, name: string): Promise<string> {
  const code = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))";
  return (await run(python, ["-c", code, name])).stdout.trim();
}

export interface NpmPeers {
  /** Version and program, or why there is none. */
  tslab: Peer;
  deno: Peer;
}

export type Peer = { version: string; program: string } | { missing: string };

/** Installed without running their scripts. */
export async function npmPeers(): Promise<NpmPeers> {
  const folder = await installed().catch((cause: unknown) => ({ missing: `npm could not install it: ${cause}` }));
  if (typeof folder !== "string") return { tslab: folder, deno: folder };
  return {
    tslab: at(join(folder, "node_modules/tslab/bin/tslab"), NPM_PEERS.tslab),
    deno: at(await denoProgram(folder), NPM_PEERS.deno),
  };
}

function at(program: string | undefined, version: string): Peer {
  return program !== undefined && existsSync(program) ? { version, program } : { missing: "no build for this machine" };
}

/** The program itself: its JavaScript shim would count for its start. */
async function denoProgram(folder: string): Promise<string | undefined> {
  const builds = join(folder, "node_modules/@deno");
  const [build] = await readdir(builds).catch(() => []);
  return build === undefined ? undefined : join(builds, build, "deno");
}

async function installed(): Promise<string> {
  const manifest = JSON.stringify({ private: true, dependencies: NPM_PEERS });
  const hash = createHash("sha256").update(manifest).digest("hex").slice(0, 12);
  const folder = join(ROOT, ".cache", `npm-peers-${hash}`);
  if (existsSync(folder)) return folder;
  // Another name until it is whole: what an ended install leaves is not taken for one.
  const parts = `${folder}.${process.pid}`;
  await mkdir(parts, { recursive: true });
  try {
    await writeFile(join(parts, "package.json"), manifest);
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    await run("npm", ["install", "--ignore-scripts", ...quiet], { cwd: parts, timeout: 300_000 });
    await rename(parts, folder);
  } finally {
    await rm(parts, { recursive: true, force: true });
  }
  return folder;
}
