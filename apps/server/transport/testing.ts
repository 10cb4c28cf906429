import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Role } from "@opsbook/notebook/session";
import pino from "pino";
import { WebSocket } from "ws";
import { Auth, Scrubber } from "../auth/index.ts";
import { Runtime } from "../runtime/index.ts";
import { SessionRegistry } from "../session/index.ts";
import { OpsbookServer } from "./server.ts";

export interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
  /** The cookie that was set, as a browser sends it back. */
  cookie: string;
  body: string;
}

export interface Ask {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
}

export interface TestServer extends AsyncDisposable {
  port: number;
  origin: string;
  root: string;
  stateDir: string;
  auth: Auth;
  server: OpsbookServer;
  sessions: SessionRegistry;
  runtime: Runtime;
  /** Everything that was logged. */
  logged: () => string;
  /** Sends the path as it is, with `Host` and nothing else of its own. */
  ask: (path: string, ask?: Ask) => Promise<Answer>;
  /** As a page of ours with this role would. */
  as: (role: Role, path: string, ask?: Ask & { json?: unknown }) => Promise<Answer>;
  /** `Cookie` header of a fresh login, and whose it is. */
  login: (role: Role) => Promise<{ cookie: string; userId: string }>;
}

/** The real server on a port of its own, with a real keeper and a scratch folder; disposing ends both. */
export async function startTestServer(options: { baseUrl?: string; behindProxy?: boolean } = {}): Promise<TestServer> {
  const scratch = await realpath(await mkdtemp(join(tmpdir(), "opsbook-transport-")));
  const root = join(scratch, "served");
  const stateDir = join(root, ".opsbook");
  await mkdir(stateDir, { recursive: true });
  const webDir = join(scratch, "web");
  let logText = "";
  const scrubber = new Scrubber();
  const write = (line: string) => {
    logText += scrubber.scrub(line);
  };
  const log = pino({ level: "debug" }, { write });
  const baseUrl = options.baseUrl === undefined ? null : new URL(options.baseUrl);
  const secure = baseUrl?.protocol === "https:";
  const { auth } = await Auth.open({ root, stateDir, scrubber, ownerName: "Olga", secure });
  const runtime = await Runtime.start({ root, stateDir, log, runtimeDir: join(scratch, "run") });
  const sessions = await SessionRegistry.open({ root, stateDir, runtime, log });
  const server = await OpsbookServer.create({
    ...{ root, stateDir, webDir, auth, sessions, runtime, log },
    gate: { baseUrl, behindProxy: options.behindProxy ?? false },
    version: "0.0.0-test",
  });
  const port = await server.listen("127.0.0.1", 0);
  const origin = `http://127.0.0.1:${port}`;
  const ask = (path: string, one: Ask = {}) => askRaw(port, path, one);
  const logins = new Map<Role, Promise<{ cookie: string; userId: string }>>();
  const login = async (role: Role) => {
    const token = auth.createLoginToken({ role, owner: false });
    const setCookie = await auth.login({ token, name: role, address: "test", cookie: undefined });
    const cookie = setCookie.split(";")[0] ?? "";
    const who = auth.identify({ cookie, authorization: undefined });
    return { cookie, userId: who.ok ? (who.identity?.user.id ?? "") : "" };
  };
  return {
    ...{ port, origin, root, stateDir, auth, server, sessions, runtime, ask, login },
    logged: () => logText,
    async as(role, path, { json, ...one } = {}) {
      let known = logins.get(role);
      if (!known) {
        known = login(role);
        logins.set(role, known);
      }
      const { cookie } = await known;
      const body = json === undefined ? one.body : JSON.stringify(json);
      const type: Record<string, string> = json === undefined ? {} : { "content-type": "application/json" };
      return ask(path, { ...one, headers: { origin, cookie, ...type, ...one.headers }, ...(body ? { body } : {}) });
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await sessions.close({ keepKernels: false });
      await runtime.close({ keepAlive: false });
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

function askRaw(port: number, path: string, one: Ask): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length: Record<string, string> =
      one.body === undefined ? {} : { "content-length": `${Buffer.byteLength(one.body)}` };
    const headers = { host: `127.0.0.1:${port}`, ...length, ...one.headers };
    const sent = request({ host: "127.0.0.1", port, path, method: one.method ?? "GET", headers, agent: false });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const body = Buffer.concat(chunks).toString("utf8");
        const { "set-cookie": setCookie, ...headers } = response.headers;
        const cookie = setCookie?.[0]?.split(";")[0] ?? "";
        const plain = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value?.toString()]));
        resolve({ status: response.statusCode ?? 0, headers: plain, cookie, body });
      });
    });
    sent.end(one.body);
  });
}

/** The socket once it is open, or the HTTP status it was refused with. */
export function openSocket(
  url: string,
  headers: Record<string, string>,
  options: { protocols?: string[]; onSocket?: (ws: WebSocket) => void } = {},
) {
  return new Promise<{ ws: WebSocket; status: 101 } | { ws: null; status: number }>((resolve, reject) => {
    const ws = new WebSocket(url, options.protocols ?? [], { headers });
    // Before it is open: its first message may come together with the handshake.
    options.onSocket?.(ws);
    ws.on("open", () => resolve({ ws, status: 101 }));
    ws.on("unexpected-response", (_request, response) => {
      response.destroy();
      resolve({ ws: null, status: response.statusCode ?? 0 });
    });
    ws.on("error", (error) => (ws.readyState === WebSocket.CONNECTING ? reject(error) : undefined));
  });
}

/** Resolves with the close code. */
export function closed(ws: WebSocket): Promise<number> {
  return new Promise((resolve) => ws.once("close", (code) => resolve(code)));
}
