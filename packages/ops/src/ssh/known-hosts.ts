import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { FilesError } from "../files/error.ts";
import { files } from "../files/index.ts";
import { matchesList } from "./patterns.ts";

/** A line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly marker: "key" | "revoked" | "cert-authority";
  readonly hosts: string;
  /** `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256` … */
  readonly type: string;
  readonly key: Buffer;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export type Verdict =
  | { readonly status: "trusted" }
  | { readonly status: "unknown" }
  | { readonly status: "revoked"; readonly entry: KnownHost }
  /** Known by other keys: of the same type, or only of types the host no longer shows. */
  | { readonly status: "changed"; readonly entries: readonly KnownHost[] }
  /** Only an authority for the host is known, and the host showed a plain key. */
  | { readonly status: "authority"; readonly entry: KnownHost };

/** Reads known_hosts files; one that is missing is empty, as for `ssh`. */
export async function readKnownHosts(paths: readonly string[]): Promise<KnownHost[]> {
  const entries: KnownHost[] = [];
  for (const path of paths) {
    try {
      entries.push(...parseKnownHosts(await readFile(path, "utf8"), path));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return entries;
}

function isMissing(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    (error.code === "ENOENT" || error.code === "ENOTDIR")
  );
}

/** Lines that cannot be understood are left out, as `ssh` does. */
export function parseKnownHosts(text: string, file: string): KnownHost[] {
  const entries: KnownHost[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = line.trim().split(/[ \t]+/);
    if (words[0] === "" || words[0]?.startsWith("#")) continue;
    const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
    const kind = marker === undefined ? "key" : MARKERS[marker];
    const [hosts, type, base64] = words;
    if (kind === undefined || hosts === undefined || type === undefined || base64 === undefined) continue;
    const key = Buffer.from(base64, "base64");
    if (keyType(key) === type) entries.push({ marker: kind, hosts, type, key, file, line: index + 1 });
  }
  return entries;
}

const MARKERS: Readonly<Record<string, KnownHost["marker"]>> = {
  "@revoked": "revoked",
  "@cert-authority": "cert-authority",
};

/** The type a public key says it has (RFC 4253, section 6.6). */
export function keyType(key: Buffer): string {
  if (key.length < 4) return "";
  return key.toString("latin1", 4, 4 + Math.min(key.readUInt32BE(0), 64));
}

/** The name under which a host stands in the file. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

export function matchesHost(entry: KnownHost, name: string): boolean {
  if (!entry.hosts.startsWith("|")) return matchesList(name, entry.hosts.toLowerCase().split(","));
  const [, version, salt, hash] = entry.hosts.split("|");
  if (version !== "1" || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, "base64");
  const actual = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** What the known hosts say of a key that `host` shows. */
export function judgeKey(
  known: readonly KnownHost[],
  shown: { readonly host: string; readonly port: number; readonly key: Buffer },
): Verdict {
  const name = knownHostName(shown.host, shown.port);
  const matching = known.filter((entry) => matchesHost(entry, name));
  const revoked = matching.find((entry) => entry.marker === "revoked" && entry.key.equals(shown.key));
  if (revoked !== undefined) return { status: "revoked", entry: revoked };
  const keys = matching.filter((entry) => entry.marker === "key");
  if (keys.some((entry) => entry.key.equals(shown.key))) return { status: "trusted" };
  if (keys.length > 0) return { status: "changed", entries: keys };
  const authority = matching.find((entry) => entry.marker === "cert-authority");
  if (authority !== undefined) return { status: "authority", entry: authority };
  // As `ssh` does: the same key under the plain name counts on another port, a different one says nothing.
  if (shown.port !== 22 && judgeKey(known, { ...shown, port: 22 }).status === "trusted") return { status: "trusted" };
  return { status: "unknown" };
}

/** Types of the keys known for a host, to be asked for first: a host has one key of each type and shows only one. */
export function knownTypes(known: readonly KnownHost[], host: string, port: number): string[] {
  const names = new Set([knownHostName(host, port), knownHostName(host, 22)]);
  const matching = known.filter(
    (entry) => entry.marker === "key" && [...names].some((name) => matchesHost(entry, name)),
  );
  return [...new Set(matching.map((entry) => entry.type))];
}

/**
 * The fingerprint of a public key as `ssh-keygen -l` prints it: `SHA256:…`.
 *
 * @example
 * const line = await files.text("/etc/ssh/ssh_host_ed25519_key.pub");
 * ssh.fingerprint(line);
 */
export function fingerprint(key: Uint8Array | string): string {
  const blob =
    typeof key === "string" ? Buffer.from(key.trim().split(/\s+/)[key.includes(" ") ? 1 : 0] ?? "", "base64") : key;
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** Adds a key, all-or-nothing and whether or not the last line ends in a newline. */
export async function addKnownHost(
  path: string,
  entry: { readonly host: string; readonly port: number; readonly key: Buffer },
): Promise<void> {
  const line = `${knownHostName(entry.host, entry.port)} ${keyType(entry.key)} ${entry.key.toString("base64")}\n`;
  let before = "";
  try {
    before = await files.text(path);
  } catch (error) {
    if (!(error instanceof FilesError) || error.code !== "not-found") throw error;
  }
  const separator = before === "" || before.endsWith("\n") ? "" : "\n";
  await files.write(path, before + separator + line, before === "" ? { parents: true, mode: "0600" } : {});
}
