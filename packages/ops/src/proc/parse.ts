/** What `/proc/PID/stat` says that `status` does not. Source: proc(5). */
export interface Stat {
  readonly pid: number;
  /** Ticks since the machine started; with the pid it names one process for good. */
  readonly startTicks: number;
  /** Ticks of user and system time. */
  readonly cpuTicks: number;
}

/** Undefined for what is no such text. */
export function parseStat(text: string): Stat | undefined {
  // The name in parentheses may hold spaces and parentheses itself.
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  const [pid, user, system, start] = [text.split(" ", 1)[0], fields[11], fields[12], fields[19]].map(Number);
  if (end === -1 || !Number.isInteger(pid) || !Number.isInteger(start)) return undefined;
  return { pid: pid as number, startTicks: start as number, cpuTicks: Number(user) + Number(system) };
}

export interface Status {
  readonly name: string;
  readonly state: string;
  readonly ppid: number;
  readonly uid: number;
  /** Bytes. */
  readonly memory: number;
}

const STATES: Readonly<Record<string, string>> = {
  R: "running",
  S: "sleeping",
  D: "waiting for a device",
  T: "stopped",
  t: "traced",
  Z: "ended, not collected",
  I: "idle",
  X: "dead",
};

/** `/proc/PID/status`. Source: proc(5). */
export function parseStatus(text: string): Status {
  const value = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1] ?? "";
  const state = value("State");
  return {
    name: value("Name").replaceAll("\\n", "\n").replaceAll("\\\\", "\\"),
    state: STATES[state[0] ?? ""] ?? state,
    ppid: Number(value("PPid")),
    uid: Number(value("Uid").split(/\s+/)[0]),
    memory: Number.parseInt(value("VmRSS") || "0", 10) * 1024,
  };
}

/** `/proc/PID/cmdline`: every argument ends with a zero byte, unless the process has written over it. */
export function parseArgv(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\0") ? text.slice(0, -1) : text).split("\0");
}

/** User names by uid, from the text of `/etc/passwd`. */
export function parseUserNames(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name, , uid] = line.split(":");
    if (name && uid && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}

/** One line of `ps`: its columns by the names in the header, the last one with its spaces. */
export type PsRow = Readonly<Record<string, string>>;

/**
 * The output of `ps aux`, `ps -ef` and the like, of any system.
 *
 * @throws TypeError when there is no header.
 * @example
 * proc.parsePs("USER PID COMMAND\nroot 1 /sbin/init splash\n"); // [{ USER: "root", PID: "1", COMMAND: "/sbin/init splash" }]
 */
export function parsePs(text: string): PsRow[] {
  const [header, ...lines] = text.split("\n").filter((line) => line.trim() !== "");
  const names = header?.trim().split(/\s+/) ?? [];
  if (names.length === 0 || !names.some((name) => /^PID$/i.test(name))) {
    throw new TypeError("this is no output of ps: the first line names no PID");
  }
  const last = names.length - 1;
  return lines.map((line) => {
    const fields = line.trim().split(/\s+/, last);
    let rest = line.trim();
    for (const field of fields) rest = rest.slice(field.length).trimStart();
    return Object.fromEntries(names.map((name, index) => [name, index === last ? rest : (fields[index] ?? "")]));
  });
}
