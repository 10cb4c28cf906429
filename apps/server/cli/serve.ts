import { isIP } from "node:net";
import { fileURLToPath } from "node:url";
import { Scrubber } from "../auth/index.ts";
import { prepareFolders, type RunningServer, startServer } from "../main.ts";
import type { RetentionPolicy } from "../store/retention/plan.ts";
import { loginUrl } from "../transport/account-handlers.ts";
import { type Command, type Invocation, text, texts } from "./command.ts";
import { UsageError } from "./errors.ts";
import { createLogger } from "./logger.ts";
import { writeRunFile } from "./run-files.ts";
import { readSettings, type Settings } from "./settings.ts";
import { readVersion } from "./version.ts";

const DEFAULT_PORT = 8888;
const PORTS_TO_TRY = 100;
export const WEB_DIR = fileURLToPath(new URL("../../web/dist", import.meta.url));

export const serveCommand: Command = {
  name: "serve",
  summary: "Serve a folder of notebooks and print the login URL.",
  usage: "opsbook serve [dir] [options]",
  options: {
    host: { type: "string" },
    "default-dir": { type: "string" },
    port: { type: "string" },
    "base-url": { type: "string" },
    "token-file": { type: "string" },
    "behind-proxy": { type: "boolean" },
    set: { type: "string", multiple: true },
    profile: { type: "string", multiple: true },
  },
  help: {
    host: "address to listen on (127.0.0.1)",
    "default-dir": "folder to serve where none is named (.)",
    port: `port (${DEFAULT_PORT}, or the next free one)`,
    "base-url": "URL under which browsers reach the server, such as https://ops.example.com",
    "token-file": "file (mode 0600) with an API token with admin rights, for programs",
    "behind-proxy": "a proxy with TLS is in front; allows other addresses than loopback",
    set: "key=value, a setting; may be repeated",
    profile: "npm package with a profile for TypeScript kernels; may be repeated",
  },
  positionals: 1,
  run: serve,
};

async function serve(invocation: Invocation): Promise<number> {
  const address = parseAddress(invocation);
  const { root, stateDir } = await prepareFolders(invocation.positionals[0] ?? text(invocation, "default-dir") ?? ".");
  const settings = readSettings(stateDir, texts(invocation, "set"));
  const scrubber = new Scrubber();
  const log = createLogger({ stateDir, level: settings["log.level"], scrubber });
  process.on("unhandledRejection", (error) => log.error({ err: error }, "a promise was rejected and nobody looked"));
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "stopped by an error");
    process.exit(1);
  });
  const server = await startServer({
    root,
    ...address,
    tokenFile: text(invocation, "token-file"),
    loginDays: settings["login.days"],
    kernelOptions: kernelOptions(invocation),
    keepKernels: settings["kernels.onStop"] === "keep",
    outputs: retentionOf(settings),
    checkpoints: {
      everyMinutes: settings["checkpoints.minutes"],
      hourlyDays: settings["checkpoints.hourlyDays"],
      dailyDays: settings["checkpoints.dailyDays"],
    },
    webDir: WEB_DIR,
    version: readVersion(),
    log,
    scrubber,
  });
  const removeRunFile = writeRunFile({
    pid: process.pid,
    localUrl: server.localUrl,
    publicUrl: server.publicUrl,
    root: server.root,
    startedAt: new Date().toISOString(),
    token: server.auth.createApiToken(),
  });
  const stopped = stopSignal(invocation);
  announce(server, invocation);
  await stopped;
  removeRunFile();
  const left = await server.close();
  if (left.kernelsLeft + left.terminalsLeft > 0) {
    const what = `${left.kernelsLeft} kernel(s) and ${left.terminalsLeft} terminal(s)`;
    invocation.io.err(
      `Saved. ${what} go on running; serve this folder again to find them, or end them with: opsbook stop`,
    );
  }
  return 0;
}

function kernelOptions(invocation: Invocation): string[] {
  const sets = texts(invocation, "set").filter((set) => set.startsWith("kernel."));
  const profiles = texts(invocation, "profile");
  return ["--history", ...sets.flatMap((set) => ["--set", set]), ...profiles.flatMap((name) => ["--profile", name])];
}

const MIB = 1_048_576;

const retentionOf = (settings: Settings): RetentionPolicy => ({
  notebookBytes: settings["outputs.notebookMiB"] * MIB,
  folderBytes: settings["outputs.folderMiB"] * MIB,
  keepMs: settings["outputs.keepDays"] * 24 * 3_600_000,
});

interface Address {
  host: string;
  port: number;
  portsToTry: number;
  baseUrl: URL | null;
  behindProxy: boolean;
}

function parseAddress(invocation: Invocation): Address {
  const host = text(invocation, "host") ?? "127.0.0.1";
  const baseUrl = parseBaseUrl(text(invocation, "base-url"));
  const behindProxy = invocation.values["behind-proxy"] === true;
  if (!isLoopback(host)) {
    if (!behindProxy) {
      throw new UsageError(
        `--host ${host} would open this machine to the network. Put a proxy with TLS in front and add --behind-proxy, ` +
          "or stay on 127.0.0.1 and use an SSH tunnel.",
      );
    }
    if (!baseUrl) throw new UsageError(`--host ${host} also needs --base-url, the address people use.`);
  }
  const given = text(invocation, "port");
  const port = given === undefined ? DEFAULT_PORT : Number(given);
  if (!Number.isInteger(port) || port < 0 || port > 65_535 || given?.trim() === "") {
    throw new UsageError(`--port wants a number from 0 to 65535, not ${given}.`);
  }
  return { host, port, portsToTry: given === undefined ? PORTS_TO_TRY : 0, baseUrl, behindProxy };
}

function parseBaseUrl(given: string | undefined): URL | null {
  if (given === undefined) return null;
  const url = URL.parse(given);
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw new UsageError(`--base-url wants a URL such as https://ops.example.com, not ${given}.`);
  }
  if (url.pathname !== "/" || url.search || url.hash || url.username) {
    throw new UsageError("--base-url takes a scheme, a host and a port only: Opsbook needs a host name of its own.");
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function announce(server: RunningServer, invocation: Invocation): void {
  const { auth, localUrl, publicUrl, root, port } = server;
  const url = loginUrl(publicUrl, auth.createLoginToken({ role: "admin", owner: true }), { askName: false });
  if (invocation.json) {
    invocation.io.out(JSON.stringify({ loginUrl: url, url: publicUrl, localUrl, port, root, pid: process.pid }));
    return;
  }
  invocation.io.out(
    `\n  Opsbook serves ${root}\n\n  Open this URL to log in (once, within 15 minutes):\n\n    ${url}\n\n` +
      "  `opsbook list` prints a fresh one. Ctrl-C saves and stops.\n",
  );
}

/** Resolves at the first Ctrl-C or TERM; the second ends the process at once, with everything accepted on disk. */
function stopSignal(invocation: Invocation): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false;
    const stop = (signal: NodeJS.Signals) => {
      if (stopping) process.exit(signal === "SIGINT" ? 130 : 143);
      stopping = true;
      invocation.io.err("Saving and stopping …");
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  });
}
