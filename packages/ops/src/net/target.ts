import type { Duplex } from "node:stream";

/** `"host:port"`, `"[::1]:80"`, a URL with a port, or both apart. */
export type NetTarget = string | { readonly host: string; readonly port: number };

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Opens a stream to an address, from the machine it belongs to. */
export type Dial = (address: Address, signal: AbortSignal) => Promise<Duplex>;

/** @throws TypeError for what names no host and port. */
export function parseTarget(target: NetTarget): Address {
  const { host, port } = typeof target === "string" ? split(target) : target;
  if (host === "" || !Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new TypeError(
      `${JSON.stringify(target)} names no host and port; write "web1:80" or { host: "web1", port: 80 }`,
    );
  }
  return { host, port };
}

function split(text: string): Address {
  const bare = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(text)?.[1] ?? text;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(bare);
  return { host: match?.[1] ?? match?.[2] ?? "", port: Number(match?.[3] ?? Number.NaN) };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
