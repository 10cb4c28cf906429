import type { Client } from "ssh2";
import { messageOf } from "../core/errors.ts";
import { type Duration, startCancellation } from "../core/options.ts";
import { openConnection } from "./connection.ts";
import { SshError } from "./error.ts";
import { Host } from "./host.ts";
import { type ConnectOptions, type ResolvedTarget, resolveTarget } from "./options.ts";

const DEFAULT_TIMEOUT: Duration = "20s";
const MOST_JUMPS = 8;

/** See {@link Ssh.connect}. */
export async function connect(target: string, options: ConnectOptions = {}): Promise<Host> {
  const route = resolveRoute(target, options);
  const last = route.at(-1)!;
  // A question to a person waits as long as that person does.
  const timeout = options.timeout ?? (options.hostKey === "ask" ? undefined : DEFAULT_TIMEOUT);
  using cancellation = startCancellation({ signal: options.signal, timeout });
  const { signal } = cancellation;
  const clients: Client[] = [];
  try {
    signal.throwIfAborted();
    for (const hop of route) {
      const through = clients[0];
      clients.unshift(await openConnection(hop, through === undefined ? { signal } : { through, signal }));
    }
    return new Host(last.label, clients as [Client, ...Client[]]);
  } catch (error) {
    for (const client of clients) client.end();
    if (!signal.aborted || error !== signal.reason) throw error;
    throw cancellation.timedOut
      ? new SshError("timeout", last.label, { message: `not connected: ${messageOf(error)}`, cause: error })
      : new SshError("aborted", last.label, { message: "interrupted", cause: error });
  }
}

/** The hosts to connect to, the target last. A host in between may itself have to be reached through others. */
function resolveRoute(target: string, options: ConnectOptions, depth = 0): ResolvedTarget[] {
  if (depth > MOST_JUMPS) throw new SshError("config", target, { message: "its jump hosts lead in a circle" });
  const resolved = resolveTarget(target, options);
  const before = resolved.jumps.flatMap((jump, index) => {
    const { address, own } = jumpOptions(jump, options);
    // The first is reached as its own configuration says, the others from the one before.
    return index === 0 ? resolveRoute(address, own, depth + 1) : [resolveTarget(address, { ...own, jump: false })];
  });
  return [...before, resolved];
}

/** User and port are the target's own; keys and the rules for host keys hold all the way. */
function jumpOptions(jump: string, options: ConnectOptions): { address: string; own: ConnectOptions } {
  const { user: _user, port: _port, jump: _jump, password: _password, ...own } = options;
  const match = /^(.*?[^:\]]|.*\]):(\d+)$/.exec(jump.replace(/^ssh:\/\//, ""));
  // More than one colon and no brackets is an IPv6 address without a port.
  if (match === null || (/:.*:/.test(jump) && !jump.includes("]"))) return { address: jump, own };
  return { address: match[1] ?? jump, own: { ...own, port: Number(match[2]) } };
}
