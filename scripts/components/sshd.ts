import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { startDaemon } from "./daemon.ts";
import { findProgram } from "./missing.ts";
import { freePort, untilListening } from "./ports.ts";

export interface SshdOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Kinds of host keys, default all three. */
  readonly hostKeys?: readonly ("ed25519" | "ecdsa" | "rsa")[];
  /** More lines for `sshd_config`. */
  readonly config?: readonly string[];
}

export interface Sshd extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  /** Holds all host keys under `[host]:port`. */
  readonly knownHostsFile: string;
  /** `type base64` of each host key. */
  readonly hostPublicKeys: readonly string[];
  /** Everything sshd and its keys live in; gone after disposal. */
  readonly folder: string;
  readonly log: () => string;
}

/**
 * A real OpenSSH server on the loopback address, for the calling user and with keys of its own.
 * Runs in the foreground as a child, so nothing is left when it is disposed.
 */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const program = findProgram("sshd", "openssh-server");
  findProgram("ssh-keygen", "openssh-client");
  const folder = mkdtempSync(join(tmpdir(), "opsbook-sshd-"));
  try {
    // Needed by sshd as root for its unprivileged half.
    if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
    const port = options.port ?? (await freePort());
    const hostKeys = (options.hostKeys ?? ["ed25519", "ecdsa", "rsa"]).map((type) =>
      makeKey(folder, `host_${type}`, type),
    );
    const keyFile = makeKey(folder, "user_ed25519", "ed25519");
    writeFileSync(join(folder, "authorized_keys"), readFileSync(`${keyFile}.pub`));
    chmodSync(join(folder, "authorized_keys"), 0o600);
    const hostPublicKeys = hostKeys.map((file) => readFileSync(`${file}.pub`, "utf8").split(" ").slice(0, 2).join(" "));
    const knownHostsFile = join(folder, "known_hosts");
    writeFileSync(knownHostsFile, hostPublicKeys.map((key) => `[127.0.0.1]:${port} ${key}\n`).join(""));
    const configFile = join(folder, "sshd_config");
    writeFileSync(configFile, configuration({ folder, port, hostKeys, more: options.config ?? [] }));
    const daemon = startDaemon(program, ["-D", "-e", "-f", configFile], folder);
    try {
      await untilListening(port, daemon.alive);
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
    const user = userInfo().username;
    return {
      host: "127.0.0.1",
      port,
      user,
      keyFile,
      knownHostsFile,
      hostPublicKeys,
      folder,
      log: daemon.log,
      async [Symbol.asyncDispose]() {
        await daemon[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function makeKey(folder: string, name: string, type: string): string {
  const file = join(folder, name);
  execFileSync("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", name, "-f", file]);
  return file;
}

interface Configuration {
  readonly folder: string;
  readonly port: number;
  readonly hostKeys: readonly string[];
  readonly more: readonly string[];
}

function configuration({ folder, port, hostKeys, more }: Configuration): string {
  const lines = [
    ...more,
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    ...hostKeys.map((file) => `HostKey ${file}`),
    `AuthorizedKeysFile ${folder}/authorized_keys`,
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "UsePAM no",
    "PermitRootLogin prohibit-password",
    "StrictModes no",
    "MaxStartups 200:30:400",
    // Bash would read the user's .bashrc for every command otherwise, and tests are not about that.
    "SetEnv SHLVL=1",
    "Subsystem sftp internal-sftp",
    `PidFile ${folder}/sshd.pid`,
    "",
  ];
  return lines.join("\n");
}
