/** Starts the keeper, detached, so that it outlives this server. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RuntimeError } from "./error.ts";

/** A log that has grown beyond this many bytes begins anew with the next keeper. */
const MAX_LOG = 1024 * 1024;

const MAIN = fileURLToPath(new URL("../keeper/main.ts", import.meta.url));

export interface KeeperProcess {
  readonly pid: number;
  /** The exit code once it has ended, undefined before. */
  ended(): number | string | undefined;
  /** The end of its log, for an error's text. */
  lastWords(): string;
  /** Another server's keeper was quicker. */
  abandon(): void;
}

export interface KeeperPlace {
  runtimeDir: string;
  stateDir: string;
  idleMs: number;
  env: Record<string, string>;
}

/** Where Node keeps our compiled sources. They are run as they are read, so it is for its owner only. */
export function compileCacheOf(stateDir: string): string {
  return join(stateDir, "compile-cache");
}

export async function spawnKeeper(place: KeeperPlace): Promise<KeeperProcess> {
  const { runtimeDir, stateDir, idleMs, env } = place;
  const compileCache = compileCacheOf(stateDir);
  mkdirSync(compileCache, { recursive: true, mode: 0o700 });
  const logFile = join(stateDir, "keeper.log");
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG) truncateSync(logFile);
  const log = openSync(logFile, "a", 0o600);
  // With Node's compile cache the type stripper is not even loaded: 30 MB less for as long as the keeper lives.
  let ended: number | string | undefined;
  try {
    const args = ["--runtime-dir", runtimeDir, "--spool-dir", join(stateDir, "keeper"), "--idle-ms", String(idleMs)];
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: "/",
      env: { ...env, NODE_COMPILE_CACHE: compileCache },
      detached: true,
      stdio: ["ignore", log, log],
    });
    child.once("exit", (code, signal) => {
      ended = code ?? signal ?? "unknown";
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (cause) => reject(new RuntimeError("keeper-failed", "The keeper cannot start.", { cause })));
    });
    child.unref();
    const pid = child.pid ?? 0;
    return {
      pid,
      ended: () => ended,
      lastWords: () => readFileSync(logFile, "utf8").slice(-2000),
      abandon: () => child.kill("SIGTERM"),
    };
  } finally {
    closeSync(log);
  }
}
