import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { roleIncludes } from "@opsbook/notebook/session";
import { type WebSocket, WebSocketServer } from "ws";
import type { Identity } from "../auth/index.ts";
import { toHttpError } from "./answers.ts";
import { HttpError } from "./errors.ts";
import { admit, requireRole } from "./gate.ts";
import type { Services, SocketRoute } from "./services.ts";

const PING_MS = 30_000;
/** Messages a client may send at once, and per second after that; typing and heartbeats stay far below. */
const BURST = 2000;
const PER_SECOND = 500;

interface Live {
  ws: WebSocket;
  identity: Identity;
  route: SocketRoute;
  alive: boolean;
}

/** The one `upgrade` handler, and the list of what it let in. */
export class Sockets {
  readonly #live = new Set<Live>();
  readonly #routes: readonly SocketRoute[];
  readonly #servers: ReadonlyMap<SocketRoute, WebSocketServer>;
  readonly #ping: NodeJS.Timeout;

  constructor(routes: readonly SocketRoute[]) {
    this.#routes = routes;
    this.#servers = new Map(routes.map((route) => [route, webSocketServer(route)]));
    this.#ping = setInterval(() => this.#pingAll(), PING_MS).unref();
  }

  get count(): number {
    return this.#live.size;
  }

  listen(server: Server, services: Services): void {
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on("error", () => socket.destroy());
      try {
        this.#upgrade(services, { request, socket, head });
      } catch (error) {
        refuse(socket, toHttpError(error));
      }
    });
  }

  /** Closes what its owner may not have any more. */
  recheck(): void {
    for (const { ws, identity, route } of this.#live) {
      const role = identity.role();
      if (role === null) ws.close(4001, "login-needed");
      else if (!roleIncludes(role, route.role)) ws.close(4003, "forbidden");
    }
  }

  close(): void {
    clearInterval(this.#ping);
    for (const { ws } of this.#live) ws.close(4010, "server-stopping");
    // A peer that does not answer the close must not hold the server.
    setTimeout(() => this.#terminateAll(), 1000).unref();
  }

  #upgrade(services: Services, from: { request: IncomingMessage; socket: Duplex; head: Buffer }): void {
    const { request, socket, head } = from;
    const url = new URL(request.url ?? "/", "http://opsbook.invalid");
    const match = findRoute(this.#routes, url.pathname);
    const queryToken = match?.route.queryToken ? (url.searchParams.get("token") ?? undefined) : undefined;
    const facts = { method: request.method ?? "GET", headers: request.headers, upgrade: true, queryToken };
    const who = admit(facts, services.gate, services.auth);
    if (!match) throw new HttpError("not-found", "There is no such socket.");
    const { route, params } = match;
    const identity = requireRole(who, route.role);
    route.prepare?.(params);
    this.#servers.get(route)?.handleUpgrade(request, socket, head, (ws) => {
      const live = { ws, identity, route, alive: true };
      this.#live.add(live);
      ws.on("close", () => this.#live.delete(live));
      ws.on("error", (error) => services.log.debug({ err: error, path: route.path }, "socket error"));
      ws.on("pong", () => {
        live.alive = true;
      });
      limitRate(ws);
      try {
        route.open({ ws, identity, request, params, query: url.searchParams });
      } catch (error) {
        services.log.error({ err: error, path: route.path }, "socket could not be opened");
        ws.close(1011);
      }
    });
  }

  /** Also the moment at which a login that ran out is noticed. */
  #pingAll(): void {
    this.recheck();
    for (const live of this.#live) {
      if (!live.alive) live.ws.terminate();
      live.alive = false;
      live.ws.ping();
    }
  }

  #terminateAll(): void {
    for (const { ws } of this.#live) ws.terminate();
  }
}

function webSocketServer(route: SocketRoute): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: route.maxPayload,
    handleProtocols: (offered) => route.subprotocols?.find((name) => offered.has(name)) ?? false,
  });
}

function findRoute(routes: readonly SocketRoute[], path: string) {
  const asked = path.split("/");
  for (const route of routes) {
    const wanted = route.path.split("/");
    if (wanted.length !== asked.length) continue;
    const params: Record<string, string> = {};
    const fits = wanted.every((part, i) => {
      const value = asked[i] as string;
      if (!part.startsWith(":")) return part === value;
      params[part.slice(1)] = decode(value);
      return value !== "";
    });
    if (fits) return { route, params };
  }
  return null;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw new HttpError("bad-request", "The path could not be read.", { cause });
  }
}

/** A token bucket in messages (T10); who floods is cut off, the others are not slowed down. */
function limitRate(ws: WebSocket): void {
  let left = BURST;
  let at = performance.now();
  ws.on("message", () => {
    const now = performance.now();
    left = Math.min(BURST, left + ((now - at) / 1000) * PER_SECOND) - 1;
    at = now;
    if (left < 0) ws.close(1008, "too many messages");
  });
}

function refuse(socket: Duplex, error: HttpError): void {
  const body = JSON.stringify({ message: error.message, reason: error.code });
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    "Connection: close",
    "Content-Type: application/json",
    "X-Content-Type-Options: nosniff",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
