import { createConnection, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { connect as tlsConnect } from "node:tls";
import { type CallOptions, startCancellation, untilAborted } from "../core/options.ts";
import { Connection } from "./connection.ts";
import { NetError, toNetError } from "./error.ts";
import { type Wire, WireProxy } from "./proxy.ts";
import { type Dial, formatAddress, type NetTarget, parseTarget } from "./target.ts";

export interface NetConnectOptions extends CallOptions {
  /** Speaks TLS and checks the peer's name against the system's authorities, or against `ca` (PEM). */
  readonly tls?: boolean | { readonly ca?: string; readonly serverName?: string };
}

/** Raw connections from one machine. */
export interface Net {
  /**
   * Connects to a port, to talk bytes: for protocols nobody has a client for, or to replay an exact message.
   * @throws NetError `refused`, `unknown-host`, `timeout`, `tls` …
   * @example
   * const server = (await import("node:net")).createServer((socket) => socket.end("220 ready\r\n"));
   * await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
   * const { port } = server.address() as import("node:net").AddressInfo;
   * {
   *   await using wire = await net.connect({ host: "127.0.0.1", port }, { timeout: "5s" });
   *   String(await wire.readUntil("\r\n")); // "220 ready\r\n"
   * }
   * server.close();
   */
  connect(target: NetTarget, options?: NetConnectOptions): Promise<Connection>;
  /**
   * A local port that leads to `target` over a wire as bad as you want it: chopped, slow, or cut.
   * @example
   * await using wire = await net.proxy("127.0.0.1:8888", { chunk: 1, delayMs: 20, cutAfter: 4096 });
   * await sh`curl ${wire.url}`;
   */
  proxy(target: NetTarget, wire?: Wire): Promise<WireProxy>;
  /**
   * Returns as soon as a port takes connections; tries for `timeout`, default a minute.
   * @throws NetError with the last reason.
   * @example
   * await net.waitFor("127.0.0.1:8888", { timeout: "10s" });
   */
  waitFor(target: NetTarget, options?: CallOptions): Promise<void>;
}

const CONNECT_TIMEOUT = "30s";
const WAIT_TIMEOUT = "1m";
const BETWEEN_TRIES_MS = 100;

/** `net` of the machine that `dial` starts from. */
export function createNet(dial: Dial): Net {
  const connect = async (target: NetTarget, options: NetConnectOptions = {}) => {
    const address = parseTarget(target);
    const place = formatAddress(address);
    using cancellation = startCancellation({ timeout: CONNECT_TIMEOUT, ...options });
    let stream: Duplex | undefined;
    try {
      const dialing = dial(address, cancellation.signal).then((opened) => {
        stream = opened;
        return opened;
      });
      const plain = await untilAborted(dialing, cancellation.signal);
      const { tls } = options;
      if (tls === undefined || tls === false) return new Connection(place, plain);
      const trust = tls === true ? {} : { ...(tls.ca === undefined ? {} : { ca: tls.ca }) };
      const name = (tls === true ? undefined : tls.serverName) ?? address.host;
      const secured = await untilAborted(secure(plain, { ...trust, name }), cancellation.signal);
      return new Connection(place, secured);
    } catch (error) {
      stream?.destroy();
      if (cancellation.signal.aborted && error === cancellation.signal.reason) {
        const code = cancellation.timedOut ? "timeout" : "aborted";
        const message = cancellation.timedOut ? "no connection in time" : "interrupted";
        throw new NetError(code, place, { message, cause: error });
      }
      throw toNetError(error, place);
    }
  };
  const waitFor = async (target: NetTarget, options: CallOptions = {}) => {
    using cancellation = startCancellation({ timeout: WAIT_TIMEOUT, ...options });
    for (;;) {
      try {
        const connection = await connect(target, { signal: cancellation.signal });
        connection.close();
        return;
      } catch (error) {
        if (!(error instanceof NetError) || error.code === "aborted") throw error;
        await pause(BETWEEN_TRIES_MS, undefined, { signal: cancellation.signal }).catch(() => {
          const message = `${error.message.slice(error.address.length + 2)}, and it stayed so`;
          throw new NetError(cancellation.timedOut ? "timeout" : "aborted", error.address, { message, cause: error });
        });
      }
    }
  };
  return Object.freeze({
    connect,
    waitFor,
    proxy: (target: NetTarget, wire: Wire = {}) => WireProxy.start(target, wire, dial),
  });
}

function secure(plain: Duplex, options: { ca?: string; name: string }): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const { name, ...trust } = options;
    // RFC 6066, section 3: an address is no server name; the certificate is checked against it all the same.
    const secured = tlsConnect({
      socket: plain,
      host: name,
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...trust,
    });
    secured.once("error", reject);
    secured.once("secureConnect", () => {
      secured.removeListener("error", reject);
      resolve(secured);
    });
  });
}

const dialLocally: Dial = (address, signal) =>
  new Promise((resolve, reject) => {
    const socket = createConnection({ ...address, noDelay: true, allowHalfOpen: true, signal });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.removeListener("error", reject);
      resolve(socket);
    });
  });

/** Raw connections from this machine. See {@link Net}. */
export const net: Net = createNet(dialLocally);
