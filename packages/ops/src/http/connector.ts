import diagnostics from "node:diagnostics_channel";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";
import type { buildConnector } from "undici";
import { createContext, type TlsOptions } from "./tls-options.ts";

/** Milliseconds each part of opening a connection took. */
export interface ConnectTimings {
  readonly dns: number;
  readonly tcp: number;
  readonly tls: number;
}

interface Opened extends ConnectTimings {
  used: boolean;
}

const opened = new WeakMap<object, Opened>();
const CONNECT_TIMEOUT_MS = 15_000;

/**
 * Opens connections with their parts timed and the server's certificate checked: `rejectUnauthorized` is set here and
 * nowhere else, so that no option and no environment variable reaches it.
 */
export function createConnector(options: TlsOptions): buildConnector.connector {
  let context: SecureContext | undefined;
  return (target, callback) => {
    const start = performance.now();
    const marks = { lookup: start, connect: start };
    const port = Number(target.port) || (target.protocol === "https:" ? 443 : 80);
    let socket: Socket;
    try {
      // Before anything is opened: it throws for certificates and keys that are of no use.
      if (target.protocol === "https:") context ??= createContext(options);
      const tcp = connectTcp({ host: target.hostname.replace(/^\[|\]$/g, ""), port, noDelay: true, keepAlive: true });
      socket = tcp;
      tcp.once("lookup", () => {
        marks.lookup = performance.now();
      });
      tcp.once("connect", () => {
        marks.connect = performance.now();
      });
      if (target.protocol === "https:") {
        const servername = target.servername ?? target.hostname;
        socket = connectTls({
          socket: tcp,
          ...(context === undefined ? {} : { secureContext: context }),
          rejectUnauthorized: true,
          ALPNProtocols: ["http/1.1"],
          ...(isIP(servername) === 0 ? { servername } : { host: servername }),
        });
        tcp.on("error", (error) => socket.destroy(error));
      }
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null);
      return;
    }
    const timer = setTimeout(() => socket.destroy(timeoutError()), CONNECT_TIMEOUT_MS);
    const onError = (error: Error) => {
      clearTimeout(timer);
      callback(error, null);
    };
    socket.once("error", onError);
    socket.once(target.protocol === "https:" ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      socket.removeListener("error", onError);
      // After undici has let go of it a reset concerns nobody, and unheard it would end the process.
      socket.on("error", () => {});
      const now = performance.now();
      const timings = {
        dns: marks.lookup - start,
        tcp: marks.connect - marks.lookup,
        tls: target.protocol === "https:" ? now - marks.connect : 0,
      };
      opened.set(socket, { ...timings, used: false });
      callback(null, socket);
    });
  };
}

function timeoutError(): Error {
  return Object.assign(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`), { code: "ETIMEDOUT" });
}

/** Told which connection a request went out on. */
export interface Observer {
  onSent(connection: ConnectTimings & { readonly reused: boolean }): void;
}

let current: Observer | undefined;
const observers = new WeakMap<object, Observer>();
let subscribed = false;

/** Runs `dispatch`, which hands exactly one request to undici, and tells `observer` when it has been sent. */
export function observe<T>(observer: Observer, dispatch: () => T): T {
  subscribe();
  current = observer;
  try {
    return dispatch();
  } finally {
    current = undefined;
  }
}

function subscribe(): void {
  if (subscribed) return;
  subscribed = true;
  diagnostics.subscribe("undici:request:create", (message) => {
    const request = field(message, "request");
    if (current !== undefined && request !== undefined) observers.set(request, current);
  });
  diagnostics.subscribe("undici:client:sendHeaders", (message) => {
    const request = field(message, "request");
    const socket = field(message, "socket");
    const observer = request === undefined ? undefined : observers.get(request);
    if (observer === undefined) return;
    const timings = socket === undefined ? undefined : opened.get(socket);
    if (timings === undefined || timings.used) return observer.onSent({ dns: 0, tcp: 0, tls: 0, reused: true });
    timings.used = true;
    observer.onSent({ dns: timings.dns, tcp: timings.tcp, tls: timings.tls, reused: false });
  });
}

function field(message: unknown, name: string): object | undefined {
  const value: unknown = typeof message === "object" && message !== null ? Reflect.get(message, name) : undefined;
  return typeof value === "object" && value !== null ? value : undefined;
}
