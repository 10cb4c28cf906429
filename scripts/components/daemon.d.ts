import { type ChildProcess } from "node:child_process";
/** A server in the foreground, with what it says kept for the error message. */
export interface Daemon extends AsyncDisposable {
    readonly process: ChildProcess;
    readonly log: () => string;
    /** @throws Error with the log when the server has ended. */
    readonly alive: () => void;
}
/** `folder` is the server's own; it goes with it when the process that started it dies. */
export declare function startDaemon(program: string, args: readonly string[], folder: string): Daemon;
