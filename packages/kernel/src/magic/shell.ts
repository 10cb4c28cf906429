import { type ChildProcess, spawn } from "node:child_process";
import { inspect } from "node:util";
import { currentExecution, runOutside } from "../main/execution.ts";
import { shellScript } from "./shell-script.ts";

/** The lines of a command's output, and how it ended. */
export type Lines = string[] & {
  readonly text: string;
  /** Exit status; 128 and the signal's number when a signal ended it. */
  readonly exit: number;
};

function linesOf(text: string, exit: number): Lines {
  const lines = text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r?\n/);
  // Not enumerable, so that the list is shown and compared as a list.
  Object.defineProperty(lines, "text", { value: text });
  Object.defineProperty(lines, "exit", { value: exit });
  return lines as Lines;
}

export interface ProgramOptions {
  /** What the program reads; nothing without it. */
  stdin?: string;
  /** Where what it writes goes; without it to the cell. */
  stdout?: (chunk: Buffer) => void;
  stderr?: (chunk: Buffer) => void;
}

/** Runs a program to its end. Resolves to the exit status as a shell counts it. */
export function runProgram(argv: readonly [string, ...string[]], options: ProgramOptions = {}): Promise<number> {
  const child = start(argv, options.stdin !== undefined);
  child.stdout?.on("data", options.stdout ?? ((chunk: Buffer) => void process.stdout.write(chunk)));
  child.stderr?.on("data", options.stderr ?? ((chunk: Buffer) => void process.stderr.write(chunk)));
  // A program may end without reading.
  child.stdin?.on("error", () => {}).end(options.stdin);
  endWithInterrupt(child);
  return ended(child, argv[0]);
}

/** Milliseconds after an interrupt at which what is left of the process group gets the next signal. */
const ESCALATION: readonly [number, NodeJS.Signals][] = [
  [300, "SIGTERM"],
  [2000, "SIGKILL"],
];

/** The kernel signals the tree once, politely. A shell's background programs take no notice and outlive their parent. */
function endWithInterrupt({ pid }: ChildProcess): void {
  const execution = currentExecution();
  if (!execution || pid === undefined) return;
  execution.onInterrupt(() => {
    for (const [after, signal] of ESCALATION) setTimeout(() => signalGroup(pid, signal), after).unref();
  });
}

function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // It ended by itself meanwhile.
  }
}

/** A program of its own process group, so that a Ctrl-C meant for the server does not reach it. */
function start([program, ...args]: readonly [string, ...string[]], reads: boolean): ChildProcess {
  return spawn(program, args, { detached: true, stdio: [reads ? "pipe" : "ignore", "pipe", "pipe"] });
}

function ended(child: ChildProcess, program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new Error(`There is no program ${program} in PATH.`, { cause: error }) : error);
    });
    child.once("close", (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
}

const signalNumber = (signal: NodeJS.Signals | null): number =>
  signal === null
    ? 0
    : ({ SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGPIPE: 13, SIGTERM: 15 }[signal as string] ?? 0);

const shellArgv = (pieces: readonly string[], values: readonly unknown[]): readonly [string, ...string[]] => {
  const { script, args } = shellScript(pieces, values);
  return ["/bin/sh", "-c", script, "sh", ...args];
};

/** `!command`: what it writes appears while it runs. Resolves to the exit status. */
export function shell(pieces: readonly string[], values: readonly unknown[]): Promise<number> {
  return runProgram(shellArgv(pieces, values));
}

/** `x = !command`: its standard output as lines. */
export async function shellLines(pieces: readonly string[], values: readonly unknown[]): Promise<Lines> {
  return collect((stdout) => runProgram(shellArgv(pieces, values), { stdout }));
}

export async function collect(run: (stdout: (chunk: Buffer) => void) => Promise<number>): Promise<Lines> {
  const chunks: Buffer[] = [];
  const exit = await run((chunk) => void chunks.push(chunk));
  return linesOf(Buffer.concat(chunks).toString(), exit);
}

/** `_exit`: how the last command ended. */
export function setExit(value: number): void {
  Object.defineProperty(globalThis, "_exit", { value, writable: true, configurable: true, enumerable: false });
}

/** Characters of a background command's output that are kept. */
const KEPT = 1024 * 1024;
/** Milliseconds a job gets between being asked to end and being made to. */
const GRACE = 2000;

export interface Job {
  readonly id: number;
  readonly command: string;
  readonly state: "running" | "done" | "failed" | "stopped";
  /** Exit status of a command. */
  readonly exit: number | null;
  /** The end of what it wrote, both streams. */
  readonly output: string;
  /** What a function returned. */
  readonly value: unknown;
  /** Resolves when it has ended, however it did. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Work that goes on behind the cells: no interrupt ends it, `stop()` and the kernel's end do. */
export class Jobs {
  readonly #jobs: BackgroundJob[] = [];

  constructor() {
    process.on("exit", () => {
      for (const job of this.#jobs) job.kill("SIGKILL");
    });
  }

  start(command: string, pieces: readonly string[], values: readonly unknown[]): Job {
    const argv = shellArgv(pieces, values);
    return this.#add(
      new BackgroundJob(
        this.#jobs.length + 1,
        command,
        runOutside(() => start(argv, false)),
      ),
    );
  }

  call(call: (signal: AbortSignal) => unknown): Job {
    return this.#add(new BackgroundJob(this.#jobs.length + 1, call.name || "function", call));
  }

  get(id: number): Job {
    const job = this.#jobs[id - 1];
    if (!job) throw new RangeError(`There is no background job ${id}. %bg lists them.`);
    return job;
  }

  list(): Job[] {
    return [...this.#jobs];
  }

  #add(job: BackgroundJob): Job {
    this.#jobs.push(job);
    return job;
  }
}

class BackgroundJob implements Job {
  readonly id: number;
  readonly command: string;
  readonly ended: Promise<void>;
  state: Job["state"] = "running";
  exit: number | null = null;
  output = "";
  value: unknown;
  readonly #child: ChildProcess | null;
  readonly #controller = new AbortController();

  constructor(id: number, command: string, work: ChildProcess | ((signal: AbortSignal) => unknown)) {
    this.id = id;
    this.command = command;
    this.#child = typeof work === "function" ? null : work;
    this.ended = typeof work === "function" ? this.#call(work) : this.#follow(work);
  }

  async stop(): Promise<void> {
    if (this.state === "running") {
      this.state = "stopped";
      this.#controller.abort(new Error(`Background job ${this.id} was stopped.`));
      this.kill("SIGTERM");
      setTimeout(() => this.kill("SIGKILL"), GRACE).unref();
    }
    // A function that does not look at its signal cannot be stopped.
    if (this.#child) await this.ended;
  }

  kill(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid !== undefined && this.exit === null) signalGroup(pid, signal);
  }

  toJSON(): object {
    return { id: this.id, command: this.command, state: this.state, exit: this.exit };
  }

  [Symbol.for("opsbook.display")](): object {
    const exit = this.exit === null ? "" : `, exit status ${this.exit}`;
    return { "text/plain": `[${this.id}] ${this.command}: ${this.state}${exit}` };
  }

  async #call(call: (signal: AbortSignal) => unknown): Promise<void> {
    try {
      this.value = await call(this.#controller.signal);
      if (this.state === "running") this.state = "done";
    } catch (error) {
      if (this.state === "running") this.state = "failed";
      this.output += inspect(error);
    }
  }

  async #follow(child: ChildProcess): Promise<void> {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output = (this.output + text).slice(-KEPT);
      });
    }
    try {
      this.exit = await ended(child, "/bin/sh");
      if (this.state === "running") this.state = this.exit === 0 ? "done" : "failed";
    } catch (error) {
      this.state = "failed";
      this.output += inspect(error);
    }
  }
}
