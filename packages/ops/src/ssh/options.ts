import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import type { CallOptions } from "../core/options.ts";
import type { Secret } from "../core/secret.ts";
import { expandHome, expandTokens, readSshConfig } from "./config.ts";
import { SshError } from "./error.ts";
import { isHostName, isUserName, parseTarget } from "./target.ts";

/** An unknown host's key, for a person or a program to decide on. */
export interface ShownHostKey {
  readonly host: string;
  readonly port: number;
  readonly type: string;
  /** `SHA256:…` as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
  readonly key: Uint8Array;
}

/** What to do with a host nobody knows yet. A host that shows another key than before is always refused. */
export type HostKeyPolicy = "refuse" | "ask" | ((shown: ShownHostKey) => boolean | Promise<boolean>);

export interface ConnectOptions extends CallOptions {
  readonly user?: string;
  readonly port?: number;
  /** A private key itself, from a secret store. */
  readonly key?: Secret;
  /** Files of private keys, before those of `~/.ssh/config`. */
  readonly identityFile?: string | readonly string[];
  /** Opens encrypted keys. */
  readonly passphrase?: Secret;
  /** Only where keys are not to be had. */
  readonly password?: Secret;
  /** Socket of an agent, default `SSH_AUTH_SOCK`; false for none. */
  readonly agent?: string | false;
  /** Hosts to go through, one after the other; default `ProxyJump` of the configuration. */
  readonly jump?: string | readonly string[] | false;
  /** Files to look host keys up in, instead of the user's and the system's. The first is where "ask" adds to. */
  readonly knownHosts?: string | readonly string[];
  readonly hostKey?: HostKeyPolicy;
  /** Default `~/.ssh/config` and `/etc/ssh/ssh_config`; false for none. */
  readonly configFile?: string | false;
}

/** Everything that is needed to connect, taken together from the call and the configuration. */
export interface ResolvedTarget {
  /** For people: `ops@web1`. */
  readonly label: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Under which name the key is looked up. */
  readonly keyName: string;
  readonly agent: string | undefined;
  readonly key: Secret | undefined;
  /** Named by the caller: failing to read one of these is an error. */
  readonly identityFiles: readonly string[];
  /** By configuration or habit: tried if they are there. */
  readonly usualIdentityFiles: readonly string[];
  readonly passphrase: Secret | undefined;
  readonly password: Secret | undefined;
  readonly jumps: readonly string[];
  readonly knownHosts: readonly [string, ...string[]];
  readonly policy: HostKeyPolicy;
}

const USUAL_KEYS = ["~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"];
const USER_KNOWN_HOSTS = "~/.ssh/known_hosts";
const SYSTEM_KNOWN_HOSTS = "/etc/ssh/ssh_known_hosts";

export function resolveTarget(text: string, options: ConnectOptions): ResolvedTarget {
  const target = parseTarget(text);
  const configFiles =
    options.configFile === false
      ? []
      : options.configFile === undefined
        ? ["~/.ssh/config", "/etc/ssh/ssh_config"]
        : [options.configFile];
  const asked = options.user ?? target.user;
  const { values, identityFiles } = readSshConfig(configFiles.map(expandHome), { host: target.host, user: asked });
  const refuse = (message: string): never => {
    throw new SshError("config", text, { message });
  };
  const port = options.port ?? Number(values.get("port") ?? 22);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) refuse(`${port} is not a port`);
  const user = asked ?? values.get("user") ?? userInfo().username;
  const host = (values.get("hostname") ?? target.host).replaceAll("%h", target.host);
  if (!isHostName(host)) refuse(`the configuration's HostName ${JSON.stringify(host)} is not a host name`);
  if (!isUserName(user)) refuse(`${JSON.stringify(user)} is not a user name`);
  const jumps = jumpsOf(options, values.get("proxyjump"));
  if (jumps.length === 0 && (values.get("proxycommand") ?? "none") !== "none") {
    throw new SshError("unsupported", text, {
      message: 'its configuration has a ProxyCommand, which is not run here; use ProxyJump, or { jump: "bastion" }',
    });
  }
  const expand = (path: string) => expandTokens(path, { host, port, user });
  return {
    label: `${user}@${target.host}`,
    host,
    port,
    user,
    keyName: values.get("hostkeyalias") ?? host,
    agent: agentOf(options, values.get("identityagent"), expand),
    key: options.key,
    identityFiles: [options.identityFile ?? []].flat().map(expandHome),
    usualIdentityFiles: hasOwnKey(options)
      ? []
      : (identityFiles.length > 0 ? identityFiles : USUAL_KEYS).map(expand).filter(existsSync),
    passphrase: options.passphrase,
    password: options.password,
    jumps,
    knownHosts: knownHostFiles(options, values, expand),
    policy: options.hostKey ?? "refuse",
  };
}

function hasOwnKey(options: ConnectOptions): boolean {
  return options.key !== undefined || options.identityFile !== undefined;
}

function jumpsOf(options: ConnectOptions, configured: string | undefined): string[] {
  if (options.jump === false) return [];
  if (options.jump !== undefined) return [options.jump].flat();
  return configured === undefined || configured.toLowerCase() === "none" ? [] : configured.split(/\s*,\s*/);
}

function agentOf(
  options: ConnectOptions,
  configured: string | undefined,
  expand: (path: string) => string,
): string | undefined {
  // A key named in the call is the one that is meant; an agent full of others would use up the host's patience.
  if (options.agent === false || (options.agent === undefined && hasOwnKey(options))) return undefined;
  if (options.agent !== undefined) return expandHome(options.agent);
  if (configured === undefined || configured === "SSH_AUTH_SOCK") return process.env.SSH_AUTH_SOCK || undefined;
  return configured === "none"
    ? undefined
    : expand(configured.replace(/^\$\{?(\w+)\}?$/, (_, name: string) => process.env[name] ?? ""));
}

function knownHostFiles(
  options: ConnectOptions,
  values: ReadonlyMap<string, string>,
  expand: (path: string) => string,
): [string, ...string[]] {
  const [given, ...others] = [options.knownHosts ?? []].flat().map(expandHome);
  if (given !== undefined) return [given, ...others];
  const own = (values.get("userknownhostsfile") ?? USER_KNOWN_HOSTS).split(/\s+/).map(expand);
  const system = (values.get("globalknownhostsfile") ?? SYSTEM_KNOWN_HOSTS).split(/\s+/).map(expand);
  return [own[0] ?? expandHome(USER_KNOWN_HOSTS), ...own.slice(1), ...system];
}
