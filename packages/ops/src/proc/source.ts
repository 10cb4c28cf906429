import { randomBytes } from "node:crypto";
import { all } from "../core/all.ts";
import { systemCode } from "../core/errors.ts";
import type { CallOptions } from "../core/options.ts";
import { FilesError } from "../files/error.ts";
import type { Files } from "../files/files.ts";
import type { Sh } from "../sh/sh.ts";

/** The texts of one process's folder in `/proc`. */
export interface RawProcess {
  readonly pid: number;
  readonly stat: string;
  readonly status: string;
  readonly cmdline: string;
}

/** Reads one process, or all of them. Who ends meanwhile is left out. */
export type ProcessSource = (pid: number | undefined, options: CallOptions) => Promise<RawProcess[]>;

const AT_ONCE = 24;

/** File by file: quick where a file costs no journey. */
export function readFromFiles(files: Files): ProcessSource {
  const read = async (pid: number): Promise<RawProcess | undefined> => {
    // What a process has written over its arguments may be any bytes.
    const text = async (name: string) => new TextDecoder().decode(await files.bytes(`/proc/${pid}/${name}`));
    try {
      const [stat, status, cmdline] = await Promise.all([text("stat"), text("status"), text("cmdline")]);
      return { pid, stat, status, cmdline };
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  };
  return async (pid, options) => {
    if (pid !== undefined) return [await read(pid)].filter((found) => found !== undefined);
    const names = (await files.list("/proc", options)).map(({ name }) => Number(name));
    const pids = names.filter((number) => Number.isInteger(number) && number > 0);
    const outcomes = await all(pids, read, {
      concurrency: AT_ONCE,
      live: false,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return outcomes.unwrap().filter((found) => found !== undefined);
  };
}

/** Before every process stands a line nobody can guess, so that no process can pass for another by its arguments. */
const SCRIPT =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own.
  'for folder in /proc/$2; do printf "\\n%s %s\\n" "$1" "${folder#/proc/}"; cat "$folder/stat" "$folder/status" "$folder/cmdline" 2>/dev/null; done; :';

/** All with one program: for machines where every file is a journey. */
export function readFromShell(sh: Sh): ProcessSource {
  return async (pid, options) => {
    const marker = `opsbook-${randomBytes(9).toString("hex")}`;
    const command = sh`sh -c ${SCRIPT} opsbook ${marker} ${pid ?? "[0-9]*"}`;
    const output = await (options.signal === undefined ? command : command.signal(options.signal)).bytes();
    return splitOutput(new TextDecoder().decode(output), marker);
  };
}

function splitOutput(output: string, marker: string): RawProcess[] {
  const found: RawProcess[] = [];
  for (const part of output.split(`\n${marker} `).slice(1)) {
    // `stat` is one line, but for a name with a line end in it; `status` ends with its last known line.
    const match =
      /^(\d+)\n([\s\S]*?\) [A-Za-z](?: -?\d+){30,}\n)(Name:\t[\s\S]*?\nnonvoluntary_ctxt_switches:\t\d+\n)([\s\S]*)$/.exec(
        part,
      );
    const [, pid, stat, status, cmdline] = match ?? [];
    if (pid === undefined || stat === undefined || status === undefined || cmdline === undefined) continue;
    found.push({ pid: Number(pid), stat, status, cmdline });
  }
  return found;
}

/** Whether a read failed because the process has ended; SFTP calls the system's ESRCH just a failure. */
export function isGone(error: unknown): boolean {
  if (!(error instanceof FilesError)) return false;
  return error.code === "not-found" || error.code === "io" || systemCode(error.cause) === "ESRCH";
}
