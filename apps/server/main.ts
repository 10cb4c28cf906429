import { constants } from "node:fs";
import { access, chmod, mkdir, realpath, stat, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import type { Logger } from "pino";
import { Auth, type Scrubber } from "./auth/index.ts";
import { Runtime } from "./runtime/index.ts";
import { type CheckpointSettings, SessionRegistry } from "./session/index.ts";
import type { RetentionPolicy } from "./store/retention/plan.ts";
import { OpsbookServer } from "./transport/server.ts";

export interface MainOptions {
  /** The served folder. */
  root: string;
  host: string;
  port: number;
  /** How many ports after `port` to try when it is taken. */
  portsToTry: number;
  baseUrl: URL | null;
  behindProxy: boolean;
  tokenFile?: string | undefined;
  /** Days a login lasts. */
  loginDays: number;
  /** Options of the TypeScript kernel's command line. */
  kernelOptions?: readonly string[];
  /** Kernels and terminals stay under the keeper when the server stops. */
  keepKernels: boolean;
  checkpoints: CheckpointSettings;
  outputs: RetentionPolicy;
  webDir: string;
  version: string;
  log: Logger;
  scrubber: Scrubber;
}

export interface RunningServer {
  /** As this machine reaches it. */
  localUrl: string;
  /** As people reach it. */
  publicUrl: string;
  port: number;
  root: string;
  auth: Auth;
  /** Saves everything; resolves when nothing of ours holds the process any more. */
  close: () => Promise<{ kernelsLeft: number; terminalsLeft: number }>;
}

export type StartErrorCode = "folder-refused" | "port-taken" | "address-refused";

export class StartError extends Error {
  override readonly name = "StartError";
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** `.opsbook` below the served folder: private, and invisible to git. */
export async function prepareFolders(root: string): Promise<{ root: string; stateDir: string }> {
  try {
    const real = await realpath(resolve(root));
    if (!(await stat(real)).isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
    await access(real, constants.R_OK | constants.W_OK | constants.X_OK);
    const stateDir = join(real, ".opsbook");
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    await chmod(stateDir, 0o700);
    await writeFile(join(stateDir, ".gitignore"), "*\n");
    return { root: real, stateDir };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === "ENOENT"
        ? "it does not exist"
        : code === "ENOTDIR" || code === "EEXIST"
          ? "it is not a folder"
          : code === "EACCES" || code === "EROFS" || code === "EPERM"
            ? "you may not write there"
            : `${code ?? String(cause)}`;
    throw new StartError("folder-refused", `Cannot serve ${resolve(root)}: ${why}.`, { cause });
  }
}

/** The order matters: what is durable opens before what listens, and closes after it. */
export async function startServer(options: MainOptions): Promise<RunningServer> {
  const { log, scrubber, version, webDir, baseUrl } = options;
  const { root, stateDir } = await prepareFolders(options.root);
  const { auth, unreadable } = await Auth.open({
    root,
    stateDir,
    scrubber,
    ownerName: userInfo().username,
    tokenFile: options.tokenFile,
    secure: baseUrl?.protocol === "https:",
    loginLifetimeMs: options.loginDays * 24 * 3600_000,
  });
  if (unreadable !== undefined) log.warn({ unreadable }, "auth.json could not be read and was set aside");
  const runtime = await Runtime.start({ root, stateDir, kernelOptions: options.kernelOptions ?? [], log });
  const sessions = await SessionRegistry.open({
    root,
    stateDir,
    runtime,
    checkpoints: options.checkpoints,
    outputs: options.outputs,
    log,
  });
  const server = await OpsbookServer.create({
    root,
    stateDir,
    webDir,
    gate: { baseUrl, behindProxy: options.behindProxy },
    auth,
    sessions,
    runtime,
    log,
    version,
  });
  const close = async () => {
    await server.close();
    await sessions.close({ keepKernels: options.keepKernels });
    const left = options.keepKernels
      ? { kernelsLeft: runtime.kernels().length, terminalsLeft: runtime.terminals.list().length }
      : { kernelsLeft: 0, terminalsLeft: 0 };
    await runtime.close({ keepAlive: left.kernelsLeft + left.terminalsLeft > 0 });
    return left;
  };
  try {
    const port = await listen(server, options);
    const localUrl = `http://${urlHost(options.host)}:${port}`;
    log.info({ localUrl, root }, "listening");
    return { localUrl, publicUrl: baseUrl?.href.replace(/\/$/, "") ?? localUrl, port, root, auth, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(server: OpsbookServer, options: MainOptions): Promise<number> {
  const { host, port, portsToTry } = options;
  for (let tried = 0; ; tried += 1) {
    try {
      return await server.listen(host, port + tried);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === "EADDRINUSE" && tried < portsToTry) continue;
      if (code === "EADDRINUSE") {
        const hint = portsToTry > 0 ? `and the ${portsToTry} after it are taken` : "is taken";
        throw new StartError("port-taken", `Port ${port} ${hint}. Choose another with --port.`, { cause });
      }
      const why = code === "EACCES" ? "you may not open it" : (code ?? String(cause));
      throw new StartError("address-refused", `Cannot listen on ${host}:${port + tried}: ${why}.`, { cause });
    }
  }
}

/** What to put in a URL to reach a listening address from this machine. */
function urlHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
