import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Bytes after which a connection is cut, in the direction that gets there first. */
export interface Budget {
  up: number;
  down: number;
}

/**
 * A TCP proxy that cuts connections in the middle of what they carry: a frame may arrive in part, and an answer may be
 * lost after its question was obeyed. It adds an API token to the requests, as browsers send a cookie.
 */
export class FaultProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<() => void>();
  readonly #target: { port: number; token: string };
  /** Asked at each new connection; null lets it live. */
  #budget: () => Budget | null = () => null;
  /** Connections that were cut. */
  cuts = 0;

  private constructor(target: { port: number; token: string }) {
    this.#target = target;
    this.#server = createServer((socket) => this.#join(socket));
  }

  static async start(target: { port: number; token: string }): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on each new connection is cut by what this says. */
  cutBy(budget: () => Budget | null): void {
    this.#budget = budget;
  }

  /** Ends all connections there are. */
  cut(): void {
    for (const end of [...this.#pairs]) {
      this.cuts += 1;
      end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of [...this.#pairs]) end();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(client: Socket): void {
    const server = connect(this.#target.port, "127.0.0.1");
    const budget = this.#budget();
    const end = () => {
      this.#pairs.delete(end);
      client.destroy();
      server.destroy();
    };
    this.#pairs.add(end);
    const cut = () => {
      this.cuts += 1;
      end();
    };
    client.once("data", (data) => {
      // The end of the first line of the request.
      const at = data.indexOf("\r\n") + 2;
      server.write(data.subarray(0, at));
      server.write(`Authorization: token ${this.#target.token}\r\n`);
      server.write(data.subarray(at));
      pass(client, server, { bytes: budget?.up, cut });
    });
    pass(server, client, { bytes: budget?.down, cut });
    for (const socket of [client, server]) socket.on("error", end).on("close", end);
  }
}

function pass(from: Socket, to: Socket, { bytes, cut }: { bytes: number | undefined; cut: () => void }): void {
  let left = bytes ?? Number.POSITIVE_INFINITY;
  from.on("data", (data) => {
    const part = data.subarray(0, Math.min(left, data.length));
    left -= data.length;
    if (left > 0) {
      if (!to.write(part)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
      return;
    }
    from.pause();
    to.write(part, cut);
  });
}
