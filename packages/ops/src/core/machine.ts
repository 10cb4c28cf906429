import type { Files } from "../files/files.ts";
import type { Net } from "../net/net.ts";
import type { Proc } from "../proc/proc.ts";
import type { Sh } from "../sh/sh.ts";

/** A computer to work on. What works on `local` works unchanged on every other one. */
export interface Machine {
  /** For people: `local`, `ops@web1`. */
  readonly name: string;
  /** Runs programs there. */
  readonly sh: Sh;
  /** Reads and writes files there. */
  readonly files: Files;
  /** Processes there. */
  readonly proc: Proc;
  /** Connections from there. */
  readonly net: Net;
}
