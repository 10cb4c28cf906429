import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type { Command } from "./command.ts";
import { WEB_DIR } from "./serve.ts";

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
    const checks = await Promise.all([nodeVersion(), folder(root), webApp(), nativeModules()]);
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

function nativeModules(): Check {
  try {
    createRequire(import.meta.url)("node-pty");
    return { name: "native modules", ok: true, detail: "load" };
  } catch (error) {
    return { name: "native modules", ok: false, detail: `${(error as Error).message.split("\n")[0]}` };
  }
}
