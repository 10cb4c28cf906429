/** The product as `opsbook serve` starts it, in a process of its own that a test may cut short. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newNotebook, serializeNotebook } from "@opsbook/notebook";
import { z } from "zod";
import { defaultRuntimeDir } from "../../keeper/folder.ts";
import { isAlive, type ProcessIdentity, processIdentitySchema } from "../../keeper/process-table.ts";
import { TestClient } from "../../session/testing/client.ts";

const OPSBOOK = fileURLToPath(new URL("../../opsbook.mjs", import.meta.url));
const TOKEN = "a-token-for-tests-only";
const announcedSchema = z.object({ localUrl: z.string(), pid: z.number() });
const openedSchema = z.object({ id: z.string() });

export interface ServerOptions {
  /** Put before the command line, such as strace. */
  wrap?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** Where servers of one test keep what does not belong into the served folder. */
export interface Scratch extends AsyncDisposable {
  folder: string;
  /** A served folder with an empty notebook of a kernel that does not exist, so that none is started. */
  root: string;
  start(root: string, options?: ServerOptions): Promise<RealServer>;
}

export interface RealServer {
  /** Of the server itself, whatever it was wrapped in. */
  pid: number;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Follows the notebook over the real socket. */
  connect(path?: string, clientId?: string): Promise<TestClient>;
  kill(): Promise<void>;
  /** Saves and ends, as Ctrl-C does, and its keeper with it. */
  stop(): Promise<void>;
}

export const NOTEBOOK = "test.ipynb";

export function writeEmptyNotebook(root: string, kernel = "none"): void {
  const metadata = { kernelspec: { name: kernel, display_name: kernel, language: "" } };
  writeFileSync(join(root, NOTEBOOK), serializeNotebook({ ...newNotebook(), metadata, cells: [] }));
}

export function makeScratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "opsbook-faults-"));
  const root = join(folder, "served");
  const runtime = join(folder, "run");
  for (const made of [root, runtime]) mkdirSync(made, { mode: 0o700 });
  writeEmptyNotebook(root);
  writeFileSync(join(folder, "token"), TOKEN, { mode: 0o600 });
  const children = new Set<ChildProcess>();
  const environment = {
    ...process.env,
    XDG_RUNTIME_DIR: runtime,
    XDG_STATE_HOME: join(folder, "state"),
    XDG_CONFIG_HOME: join(folder, "config"),
  };
  return {
    ...{ folder, root },
    start: (served, options = {}) => startServer({ served, folder, environment, children }, options),
    [Symbol.asyncDispose]: async () => {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
      await endKeepers(runtime);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Those of killed servers would wait a minute for the next one. */
async function endKeepers(runtime: string): Promise<void> {
  for (const keeper of readdirSync(runtime).map((name) => keeperIn(join(runtime, name)))) {
    if (!keeper) continue;
    if (isAlive(keeper)) process.kill(keeper.pid, "SIGTERM");
    await until(() => !isAlive(keeper));
  }
}

function keeperIn(folder: string): ProcessIdentity | null {
  try {
    return processIdentitySchema.parse(JSON.parse(readFileSync(join(folder, "keeper.lock"), "utf8")));
  } catch {
    return null;
  }
}

async function until(fact: () => boolean): Promise<void> {
  while (!fact()) await new Promise((resolve) => setTimeout(resolve, 5));
}

interface Start {
  served: string;
  folder: string;
  environment: NodeJS.ProcessEnv;
  children: Set<ChildProcess>;
}

async function startServer(start: Start, { wrap = [], env = {} }: ServerOptions): Promise<RealServer> {
  const serve = ["serve", start.served, "--port", "0", "--token-file", join(start.folder, "token"), "--json"];
  const [program = "", ...args] = [...wrap, process.execPath, OPSBOOK, ...serve, "--set", "kernels.onStop=end"];
  const child = spawn(program, args, { env: { ...start.environment, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  start.children.add(child);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once("exit", (code, signal) => resolve({ code, signal })),
  );
  const { localUrl, pid } = await announced(child);
  const keeper = keeperIn(defaultRuntimeDir(realpathSync(start.served), start.environment));
  const headers = { Authorization: `token ${TOKEN}`, "Content-Type": "application/json" };
  return {
    ...{ pid, ended },
    connect: async (path = NOTEBOOK, clientId = randomUUID()) => {
      const body = JSON.stringify({ path });
      const answer = await fetch(`${localUrl}/api/opsbook/sessions`, { method: "POST", headers, body });
      if (!answer.ok) throw new Error(`${path} could not be opened: ${answer.status} ${await answer.text()}`);
      const { id } = openedSchema.parse(await answer.json());
      const url = `${localUrl.replace("http", "ws")}/api/opsbook/sessions/${id}/socket`;
      return TestClient.connect(url, clientId, TOKEN);
    },
    kill: async () => {
      process.kill(pid, "SIGKILL");
      await ended;
    },
    stop: async () => {
      process.kill(pid, "SIGTERM");
      await ended;
      // It is told to end by then, and may hold its log open a moment longer.
      if (keeper) await until(() => !isAlive(keeper));
    },
  };
}

/** Rejects with what it printed where the server ends instead. */
async function announced(child: ChildProcess): Promise<z.output<typeof announcedSchema>> {
  const { promise, resolve, reject } = Promise.withResolvers<z.output<typeof announcedSchema>>();
  let out = "";
  let err = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    if (out.includes("\n")) resolve(announcedSchema.parse(JSON.parse(out)));
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err = (err + text).slice(-4000);
  });
  child.once("error", reject);
  child.once("exit", (code, signal) => reject(new Error(`opsbook serve ended with ${code ?? signal}:\n${out}${err}`)));
  return promise;
}
