import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { LOW_BYTES } from "../store/disk-guard.ts";
import { measureOutputs } from "../store/retention/collector.ts";
import type { Command } from "./command.ts";
import { WEB_DIR } from "./serve.ts";
import { readSettings } from "./settings.ts";

interface Check {
  name: string;
  ok: boolean;
  detail: string;
}

export const doctorCommand: Command = {
  name: "doctor",
  summary: "Check what a server needs here.",
  usage: "opsbook doctor [dir]",
  options: {},
  help: {},
  positionals: 1,
  async run({ positionals, json, io }) {
    const root = resolve(positionals[0] ?? ".");
    const checks = await Promise.all([nodeVersion(), folder(root), webApp(), nativeModules(), outputs(root)]);
    if (json) io.out(JSON.stringify(checks));
    else for (const { ok, name, detail } of checks) io.out(`${ok ? "ok  " : "FAIL"}  ${name}: ${detail}`);
    return checks.every((check) => check.ok) ? 0 : 1;
  },
};

function nodeVersion(): Check {
  const ok = Number(process.versions.node.split(".")[0]) >= 24;
  return { name: "Node.js", ok, detail: `${process.versions.node}${ok ? "" : "; 24 or newer is needed"}` };
}

async function folder(root: string): Promise<Check> {
  try {
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
    return { name: "folder", ok: true, detail: root };
  } catch (error) {
    return { name: "folder", ok: false, detail: `${root}: ${(error as NodeJS.ErrnoException).code}` };
  }
}

async function webApp(): Promise<Check> {
  const built = await stat(join(WEB_DIR, "index.html")).catch(() => null);
  return { name: "web app", ok: built !== null, detail: built ? "built" : "not built; run: npm run build" };
}

async function outputs(root: string): Promise<Check> {
  const stateDir = join(root, ".opsbook");
  const name = "outputs";
  try {
    const settings = readSettings(stateDir, []);
    const { spools, blobs } = await measureOutputs(stateDir);
    const { bavail, bsize } = await statfs(root);
    const ok = bavail * bsize > LOW_BYTES;
    const limit = `of ${settings["outputs.folderMiB"]} MiB allowed (outputs.folderMiB)`;
    const free = `${mib(bavail * bsize)} of the disk are free`;
    return { name, ok, detail: `logs ${mib(spools)}, values ${mib(blobs)}, ${limit}; ${free}` };
  } catch (error) {
    return { name, ok: false, detail: (error as Error).message };
  }
}

const mib = (bytes: number): string => `${Math.ceil(bytes / 1_048_576)} MiB`;

function nativeModules(): Check {
  try {
    createRequire(import.meta.url)("node-pty");
    return { name: "native modules", ok: true, detail: "load" };
  } catch (error) {
    return { name: "native modules", ok: false, detail: `${(error as Error).message.split("\n")[0]}` };
  }
}
