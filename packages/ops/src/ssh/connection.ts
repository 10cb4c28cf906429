import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import { authenticationMethods, type Ssh2 } from "./authentication.ts";
import { SshError, toSshError } from "./error.ts";
import { checkHostKey } from "./host-key.ts";
import { knownTypes, readKnownHosts } from "./known-hosts.ts";
import type { ResolvedTarget } from "./options.ts";

/** Without SHA-1: `ssh-rsa` is left out. */
const HOST_KEY_ALGORITHMS = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
] as const;
const KEEPALIVE_MS = 15_000;

/** Opens a connection whose host key has been checked and whose user is signed in. */
export async function openConnection(
  target: ResolvedTarget,
  route: { readonly through?: Client; readonly signal: AbortSignal },
): Promise<Client> {
  const ssh2: Ssh2 = (await import("ssh2")).default;
  const known = await readKnownHosts(target.knownHosts);
  const types = knownTypes(known, target.keyName, target.port);
  const methods = authenticationMethods(ssh2, target);
  const sock = await (route.through === undefined ? dial(target, route.signal) : forward(route.through, target));
  const client = new ssh2.Client();
  return await new Promise<Client>((resolve, reject) => {
    let refusal: unknown;
    const fail = (error: unknown) => {
      route.signal.removeEventListener("abort", onAbort);
      // ssh2 may say more after it has failed, and an error event nobody hears would end the process.
      client.on("error", () => {});
      client.end();
      sock.destroy();
      reject(refusal ?? (route.signal.aborted ? route.signal.reason : toSshError(error, target.label)));
    };
    const onAbort = () => fail(route.signal.reason);
    if (route.signal.aborted) return onAbort();
    route.signal.addEventListener("abort", onAbort, { once: true });
    client.once("error", fail);
    client.once("close", () =>
      fail(new SshError("closed", target.label, { message: "the host closed the connection" })),
    );
    client.once("ready", () => {
      route.signal.removeEventListener("abort", onAbort);
      client.removeAllListeners("error");
      client.removeAllListeners("close");
      client.on("error", () => {});
      resolve(client);
    });
    client.connect({
      sock,
      username: target.user,
      authHandler: methods,
      algorithms: { serverHostKey: orderAlgorithms(types) },
      hostVerifier: (key: Buffer, verify: (trusted: boolean) => void) => {
        checkHostKey(target, known, key).then(
          () => verify(true),
          (error: unknown) => {
            refusal = error;
            verify(false);
          },
        );
      },
      keepaliveInterval: KEEPALIVE_MS,
      keepaliveCountMax: 3,
      // The call's own limit ends it; a person may be thinking about a fingerprint.
      readyTimeout: 0,
    });
  });
}

/** Known types first: a host shows one key only, and one of another type would look like a stranger's. */
function orderAlgorithms(types: readonly string[]): (typeof HOST_KEY_ALGORITHMS)[number][] {
  const isKnown = (algorithm: string) =>
    types.includes(algorithm) || (algorithm.startsWith("rsa-") && types.includes("ssh-rsa"));
  return [...HOST_KEY_ALGORITHMS.filter(isKnown), ...HOST_KEY_ALGORITHMS.filter((algorithm) => !isKnown(algorithm))];
}

/** ssh2's own sockets wait for more to send (Nagle), which costs 40 ms and more for each small message. */
function dial(target: ResolvedTarget, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: target.host, port: target.port, noDelay: true, keepAlive: true });
    const onAbort = () => {
      socket.destroy();
      reject(signal.reason);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", (error) => {
      signal.removeEventListener("abort", onAbort);
      reject(toSshError(error, target.label));
    });
    socket.once("connect", () => {
      signal.removeEventListener("abort", onAbort);
      socket.removeAllListeners("error");
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}

function forward(through: Client, target: ResolvedTarget): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    through.forwardOut("127.0.0.1", 0, target.host, target.port, (error, channel) => {
      if (error === undefined) return resolve(channel);
      const message = `the host in between cannot reach ${target.host} port ${target.port} (${error.message})`;
      reject(new SshError("unreachable", target.label, { message, cause: error }));
    });
  });
}
