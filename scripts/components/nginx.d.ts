export interface Nginx extends AsyncDisposable {
    readonly port: number;
    readonly url: string;
    /** `root` for files, and where `access.log` lies. */
    readonly folder: string;
    readonly log: () => string;
}
/** What a test says about its server; `listen` is added. */
export interface NginxConfig {
    /** The inside of `server { … }`. `@FOLDER@` stands for the server's own folder. */
    readonly server: string;
    /** Adds `ssl` to `listen` and makes the URL `https`. */
    readonly tls?: boolean;
    /** Files to put into the folder first, by name. */
    readonly files?: Readonly<Record<string, string>>;
}
/** A real nginx on the loopback address, in the foreground and in a folder of its own. */
export declare function startNginx(config: NginxConfig): Promise<Nginx>;
