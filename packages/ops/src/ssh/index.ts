import { connect } from "./connect.ts";
import type { Host } from "./host.ts";
import { fingerprint } from "./known-hosts.ts";
import type { ConnectOptions } from "./options.ts";

export { SshError, type SshErrorCode } from "./error.ts";
export { Host } from "./host.ts";
export type { ConnectOptions, HostKeyPolicy, ShownHostKey } from "./options.ts";
export type { RemoteFiles, Transfer, TransferOptions } from "./remote-files.ts";

/** Other machines over SSH. */
export interface Ssh {
  /**
   * Connects to a host by name or `user@name`. `~/.ssh/config` counts as for `ssh`; the agent is asked first, then
   * keys; the host's key must be known. Default limit 20 s.
   *
   * @throws SshError with a closed `code`: `host-key-unknown`, `host-key-changed`, `auth`, `refused`, `timeout` …
   * @example
   * await using host = await ssh.connect("ops@web1");
   * const load = await host.sh`uptime`.text();
   */
  connect(target: string, options?: ConnectOptions): Promise<Host>;
  readonly fingerprint: typeof fingerprint;
}

export const ssh: Ssh = Object.freeze({ connect, fingerprint });
