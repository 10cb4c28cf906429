import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { toNetError } from "./error.ts";
import { type Dial, formatAddress, type NetTarget, parseTarget } from "./target.ts";

/** How the wire misbehaves. Every one of them holds for both directions unless it says otherwise. */
export interface Wire {
  /** Bytes delivered at once, each in a packet of its own. */
  readonly chunk?: number;
  /** Milliseconds before each delivery. */
  readonly delayMs?: number;
  /** Bytes a second. */
  readonly rate?: number;
  /** Cuts the connection after so many bytes from the target. */
  readonly cutAfter?: number;
  /** Lets a request through and cuts as soon as the target answers it: it has acted, and the client does not know. */
  readonly cutAfterRequest?: boolean;
  /** Cuts only the first so many connections; later ones are carried whole. */
  readonly times?: number;
  /** Port to listen on, default a free one. */
  readonly port?: number;
}

/** A wire of your own making between two programs. Dispose it, best by `await using`. */
export class WireProxy implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #accepted = 0;
  #cut = 0;

  /** @internal Use `net.proxy`. */
  static async start(target: NetTarget, wire: Wire, dial: Dial): Promise<WireProxy> {
    const { host, port } = parseTarget(target);
    for (const name of ["chunk", "delayMs", "rate", "cutAfter", "times"] as const) {
      const value = wire[name];
      const least = name === "chunk" || name === "rate" ? 1 : 0;
      if (value !== undefined && !(Number.isFinite(value) && value >= least)) {
        throw new RangeError(`${name} is a number from ${least} up, not ${value}`);
      }
    }
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
    const listening = once(server, "listening");
    server.listen(wire.port ?? 0, "127.0.0.1");
    try {
      await listening;
    } catch (error) {
      throw toNetError(error, formatAddress({ host: "127.0.0.1", port: wire.port ?? 0 }));
    }
    return new WireProxy(server, { target: { host, port }, wire, dial });
  }

  private constructor(server: Server, plan: { target: { host: string; port: number }; wire: Wire; dial: Dial }) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.url = `http://${this.host}:${this.port}`;
    server.on("connection", (client) => {
      this.#accepted += 1;
      this.#open.add(client);
      client.on("error", () => {});
      client.once("close", () => this.#open.delete(client));
      void this.#carry(client, plan).catch(() => client.destroy());
    });
  }

  /** Connections that came, and how many of them were cut. */
  get connections(): { readonly accepted: number; readonly cut: number; readonly open: number } {
    return { accepted: this.#accepted, cut: this.#cut, open: this.#open.size };
  }

  /** Breaks off what is open now. New connections are carried. */
  cut(): void {
    for (const client of this.#open) client.resetAndDestroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const client of this.#open) client.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  toString(): string {
    return `WireProxy(${this.host}:${this.port}, ${this.#accepted} connections, ${this.#cut} cut)`;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  async #carry(
    client: Socket,
    plan: { target: { host: string; port: number }; wire: Wire; dial: Dial },
  ): Promise<void> {
    const target = await plan.dial(plan.target, new AbortController().signal);
    target.on("error", () => {});
    client.once("close", () => target.destroy());
    const cuts = this.#accepted <= (plan.wire.times ?? Number.POSITIVE_INFINITY);
    const limit = plan.wire.cutAfterRequest === true ? 0 : plan.wire.cutAfter;
    const cut = () => {
      this.#cut += 1;
      target.destroy();
      client.end();
      client.destroySoon();
    };
    await Promise.all([
      deliver(client, target, { wire: plan.wire }),
      deliver(target, client, { wire: plan.wire, ...(cuts && limit !== undefined ? { limit, cut } : {}) }),
    ]);
  }
}

interface Delivery {
  readonly wire: Wire;
  readonly limit?: number;
  readonly cut?: () => void;
}

async function deliver(from: Duplex, to: Duplex, { wire, limit, cut }: Delivery): Promise<void> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  try {
    for await (const received of from) {
      const data = received as Buffer;
      const step = wire.chunk ?? (wire.rate === undefined ? data.length : Math.max(1, Math.ceil(wire.rate / 20)));
      for (let at = 0; at < data.length; at += step) {
        const piece = data.subarray(at, Math.min(at + step, data.length));
        const wait = (wire.delayMs ?? 0) + (wire.rate === undefined ? 0 : (piece.length / wire.rate) * 1000);
        if (wait > 0) await pause(wait);
        const allowed = piece.subarray(0, left);
        left -= allowed.length;
        if (allowed.length > 0) await write(to, allowed);
        if (left === 0 && cut !== undefined) return cut();
      }
    }
    to.end();
  } catch {
    // One side broke off: so does the wire, on the other.
    to.destroy();
  }
}

/** Each piece leaves for itself: without Nagle's algorithm, and handed over before the next. */
async function write(to: Duplex, piece: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    to.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}
