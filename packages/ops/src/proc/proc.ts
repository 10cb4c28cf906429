import { setTimeout as pause } from "node:timers/promises";
import { displaySymbol, formatBytes, type MimeBundle, type TableField, tableBundle } from "../core/display.ts";
import { OpsError, systemCode } from "../core/errors.ts";
import { GuardError } from "../core/guard.ts";
import { type CallOptions, startCancellation } from "../core/options.ts";
import type { Files } from "../files/files.ts";
import { type PsRow, parseArgv, parsePs, parseStat, parseStatus, parseUserNames } from "./parse.ts";
import { isGone, type ProcessSource, type RawProcess } from "./source.ts";

/** A process as it was when it was looked at. */
export interface ProcessInfo {
  readonly pid: number;
  readonly ppid: number;
  /** The program's name as the system has it, at most 15 bytes. */
  readonly name: string;
  /** Empty for the system's own threads. */
  readonly argv: readonly string[];
  readonly user: string;
  readonly uid: number;
  readonly state: string;
  readonly started: Date;
  /** Seconds of user and system time. */
  readonly cpuSeconds: number;
  /** Bytes in memory. */
  readonly memory: number;
  /** Start in ticks since the machine's start: with the pid it names this process and no later one. */
  readonly startTicks: number;
}

export interface ProcessFilter extends CallOptions {
  /** Exactly the program: its name, its first argument, or that argument's last part. Never a part of the arguments. */
  readonly name?: string;
  readonly user?: string;
  readonly pid?: number;
}

export type SignalName = "TERM" | "KILL" | "INT" | "HUP" | "QUIT" | "STOP" | "CONT" | "USR1" | "USR2" | "WINCH";

export interface SignalManyOptions extends CallOptions {
  /** How many there must be; with another number nothing is signalled. */
  readonly expect: number;
}

export type ProcErrorCode = "gone" | "permission" | "unsupported" | "timeout" | "io";

/**
 * A process that could not be signalled, read or waited for.
 *
 * @example
 * const [first] = await proc.list();
 * if (first) await proc.wait(first, { timeout: 1 }).catch((error: unknown) => error instanceof ProcError && error.code); // "timeout"
 */
export class ProcError extends OpsError<ProcErrorCode> {
  readonly code: ProcErrorCode;

  constructor(code: ProcErrorCode, message: string, cause?: unknown) {
    super(message, cause);
    this.code = code;
  }
}

/** Processes of one machine, read from its `/proc`. */
export interface Proc {
  /**
   * Processes by pid, shown as a table.
   * @throws ProcError `unsupported` on a system without `/proc`.
   * @example
   * const mine = await proc.list({ user: (await sh`id -un`.text()).trim() });
   */
  list(filter?: ProcessFilter): Promise<readonly ProcessInfo[]>;
  /**
   * Signals a process that was listed. Another process that has got its number meanwhile is left alone.
   * @throws ProcError `gone`, `permission`; GuardError when there are not as many as expected.
   * @example
   * const running = sh`sleep 61.5`.nothrow().then(({ signal }) => signal);
   * await new Promise((settle) => setTimeout(settle, 200));
   * const mine = (await proc.list({ name: "sleep" })).filter(({ argv }) => argv[1] === "61.5");
   * await proc.signal(mine, "TERM", { expect: 1 });
   * await running; // "SIGTERM"
   */
  signal(process: ProcessInfo, signal?: SignalName, options?: CallOptions): Promise<void>;
  signal(processes: readonly ProcessInfo[], signal: SignalName, options: SignalManyOptions): Promise<void>;
  /**
   * Returns when a process has ended. @throws ProcError `timeout`.
   * @example
   * const [first] = await proc.list({ name: "no-such-program" });
   * if (first !== undefined) await proc.wait(first, { timeout: "5s" });
   */
  wait(process: ProcessInfo, options?: CallOptions): Promise<void>;
  parsePs(text: string): PsRow[];
}

/** Sends a signal. @throws ProcError */
export type Kill = (pid: number, signal: SignalName, options: CallOptions) => Promise<void>;

/** USER_HZ, which Linux shows to programs whatever it ticks with itself. */
const TICKS_PER_SECOND = 100;
const BETWEEN_LOOKS_MS = 50;

/** What `proc` needs of a machine. */
export interface ProcPort {
  readonly files: Files;
  readonly read: ProcessSource;
  readonly kill: Kill;
}

/** `proc` of a machine. */
export function createProc({ files, read, kill }: ProcPort): Proc {
  const isAlive = async ({ pid, startTicks }: ProcessInfo) => {
    try {
      const text = new TextDecoder().decode(await files.bytes(`/proc/${pid}/stat`));
      return parseStat(text)?.startTicks === startTicks && !/\) [ZX] /.test(text);
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  };

  const signalOne = async (target: ProcessInfo, signal: SignalName, options: CallOptions) => {
    if (!(await isAlive(target))) {
      throw new ProcError("gone", `${describe(target)} has ended; look again before you signal`);
    }
    await kill(target.pid, signal, options);
  };

  return Object.freeze({
    parsePs,
    list: async (filter: ProcessFilter = {}) => {
      const boot = /^btime (\d+)$/m.exec(await readOrExplain(files))?.[1];
      const names = parseUserNames(await files.text("/etc/passwd").catch(() => ""));
      const raw = await read(filter.pid, filter);
      const found = raw.map((texts) => toInfo(texts, { names, bootMs: Number(boot) * 1000 }));
      return withTable(found.filter((info) => info !== undefined && matches(info, filter)) as ProcessInfo[]);
    },
    signal: async (
      target: ProcessInfo | readonly ProcessInfo[],
      signal: SignalName = "TERM",
      options: CallOptions & { expect?: number } = {},
    ) => {
      if (!("length" in target)) return await signalOne(target, signal, options);
      if (options.expect !== target.length) {
        throw new GuardError({
          rule: "proc.expect",
          why: `${target.length} processes match and ${options.expect ?? "no number"} was expected: ${target.slice(0, 10).map(describe).join(", ")}`,
          instead: "look at the list, then give its length as { expect }; nothing has been signalled",
        });
      }
      for (const one of target) await signalOne(one, signal, options);
    },
    wait: async (target: ProcessInfo, options: CallOptions = {}) => {
      using cancellation = startCancellation(options);
      while (await isAlive(target)) {
        try {
          await pause(BETWEEN_LOOKS_MS, undefined, { signal: cancellation.signal });
        } catch (cause) {
          throw new ProcError("timeout", `${describe(target)} still runs`, cause);
        }
      }
    },
  });
}

/** Signals of this machine. */
export const killLocally: Kill = async (pid, signal) => {
  try {
    process.kill(pid, `SIG${signal}`);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ESRCH") throw new ProcError("gone", `process ${pid} has ended`, error);
    throw new ProcError(
      code === "EPERM" ? "permission" : "io",
      `process ${pid} may not be signalled by this user`,
      error,
    );
  }
};

function toInfo(
  { pid, ...texts }: RawProcess,
  machine: { readonly names: ReadonlyMap<number, string>; readonly bootMs: number },
): ProcessInfo | undefined {
  const stat = parseStat(texts.stat);
  if (stat === undefined) return undefined;
  const status = parseStatus(texts.status);
  return Object.freeze({
    pid,
    ppid: status.ppid,
    name: status.name,
    argv: parseArgv(texts.cmdline),
    user: machine.names.get(status.uid) ?? String(status.uid),
    uid: status.uid,
    state: status.state,
    started: new Date(machine.bootMs + (stat.startTicks * 1000) / TICKS_PER_SECOND),
    cpuSeconds: stat.cpuTicks / TICKS_PER_SECOND,
    memory: status.memory,
    startTicks: stat.startTicks,
  });
}

async function readOrExplain(files: Files): Promise<string> {
  try {
    return await files.text("/proc/stat");
  } catch (cause) {
    throw new ProcError("unsupported", "this machine has no /proc to read processes from", cause);
  }
}

function matches(info: ProcessInfo, { name, user }: ProcessFilter): boolean {
  if (user !== undefined && info.user !== user) return false;
  if (name === undefined) return true;
  const first = info.argv[0];
  return info.name === name || first === name || first?.split("/").at(-1) === name;
}

function describe({ pid, argv, name }: ProcessInfo): string {
  return `${argv[0] ?? name} (${pid})`;
}

const FIELDS: readonly TableField[] = [
  { name: "pid", type: "integer" },
  { name: "user", type: "string" },
  { name: "state", type: "string" },
  { name: "cpu", type: "number" },
  { name: "memory", type: "string" },
  { name: "started", type: "datetime" },
  { name: "command", type: "string" },
];

function withTable(list: readonly ProcessInfo[]): readonly ProcessInfo[] {
  const bundle = (): MimeBundle =>
    tableBundle(
      FIELDS,
      list.map((info) => ({
        pid: info.pid,
        user: info.user,
        state: info.state,
        cpu: info.cpuSeconds,
        memory: formatBytes(info.memory),
        started: info.started.toISOString(),
        command: info.argv.length > 0 ? info.argv.join(" ") : `[${info.name}]`,
      })),
    );
  return Object.defineProperty([...list], displaySymbol, { value: bundle });
}
