import { readFileSync, statSync } from "node:fs";
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";
import { GuardError } from "../core/guard.ts";
import { Secret } from "../core/secret.ts";
import { formatMode } from "../files/mode.ts";

/** PEM text, or the path of a PEM file. */
export type Pem = string;

export interface TlsOptions {
  /** Trust these authorities and no others. Default: those of the system and of Mozilla. */
  readonly ca?: Pem | readonly Pem[];
  /** Client certificate, possibly with its key in the same file. */
  readonly cert?: Pem;
  readonly key?: Pem | Secret;
}

const PEM = "-----BEGIN";

/** @throws GuardError for a key file that others may read. */
export function createContext(options: TlsOptions): SecureContext {
  const ca = options.ca === undefined ? defaultAuthorities() : [options.ca].flat().map(readPem);
  if (options.cert === undefined) return createSecureContext({ ca });
  const key = options.key ?? options.cert;
  return createSecureContext({
    ca,
    cert: readPem(options.cert),
    key: key instanceof Secret ? key.reveal() : readKey(key),
  });
}

function defaultAuthorities(): string[] {
  return [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
}

function readPem(pem: Pem): string {
  return pem.includes(PEM) ? pem : readFileSync(pem, "utf8");
}

function readKey(key: Pem): string {
  if (key.includes(PEM)) return key;
  const mode = statSync(key).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new GuardError({
      rule: "http.key-permissions",
      why: `${key} has mode ${formatMode(mode)}, so other users of this machine can read the private key`,
      instead: `chmod 0600 ${key}`,
    });
  }
  return readFileSync(key, "utf8");
}
