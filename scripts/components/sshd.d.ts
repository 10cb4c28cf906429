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
export declare function startSshd(options?: SshdOptions): Promise<Sshd>;
