/**
 * The part of node-pty that we use, typed as it behaves with `encoding: null`: bytes in, bytes out. Its own typings
 * declare a module of another name than the one it is installed under, and say string for all data.
 */
import { createRequire } from "node:module";

export interface Pty {
  readonly pid: number;
  readonly cols: number;
  readonly rows: number;
  onData(listener: (data: Buffer) => void): unknown;
  onExit(listener: (exit: { exitCode: number; signal?: number }) => void): unknown;
  write(data: Buffer): void;
  resize(cols: number, rows: number): void;
  pause(): void;
  resume(): void;
}

interface PtyOptions {
  name: string;
  cwd: string;
  cols: number;
  rows: number;
  env: Record<string, string>;
  encoding: null;
}

const native = createRequire(import.meta.url)("node-pty") as {
  spawn(file: string, args: string[], options: PtyOptions): Pty;
};

export function spawnPty(argv: readonly string[], options: Omit<PtyOptions, "name" | "encoding">): Pty {
  const [file = "/bin/sh", ...args] = argv;
  return native.spawn(file, args, { ...options, name: "xterm-256color", encoding: null });
}
