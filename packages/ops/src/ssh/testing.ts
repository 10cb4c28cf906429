import type { Sshd } from "../../../../scripts/components/sshd.ts";
import type { ConnectOptions } from "./options.ts";

/** How to connect to it and to nothing else: no configuration, agent or key of the person who runs the tests. */
export function optionsFor(sshd: Sshd): ConnectOptions & { readonly knownHosts: string } {
  return {
    user: sshd.user,
    port: sshd.port,
    identityFile: sshd.keyFile,
    knownHosts: sshd.knownHostsFile,
    configFile: false,
    agent: false,
  };
}
