import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { CapturedOutput } from "../main/capture.ts";
import type { OptionInfo } from "../main/config.ts";
import { environment, type RuntimeInfo, runtimeInfo } from "./environment.ts";
import { type Help, helpOn } from "./help.ts";
import { cellNumbers, scriptOf } from "./history-text.ts";
import { expandHome } from "./home.ts";
import type { MagicHost } from "./host.ts";
import { type NameInfo, who, whos } from "./names.ts";
import { type Magic, Registry, type UserMagic } from "./registry.ts";
import { collect, type Job, Jobs, type Lines, runProgram } from "./shell.ts";
import { declarationOf } from "./sources.ts";
import { describeTiming, stopwatch, type TimeitOptions, type TimeitResult, type Timing, timeit } from "./timing.ts";

/** Longest script that is handed over as an argument. Linux takes 128 KiB; Source: execve(2). */
const MAX_ARGUMENT = 100_000;

export interface ScriptOptions {
  /** Positional parameters of the script. */
  args?: readonly string[];
  /** The program, where it is not the usual one. */
  program?: string;
}

/** `nb.magic`: everything `%` and `%%` do, as functions. */
export class Magics {
  readonly #host: MagicHost;
  readonly #jobs = new Jobs();
  readonly #registry: Registry;
  #previousFolder = process.cwd();

  constructor(host: MagicHost, definitions: (magic: Magics) => Record<string, Magic>) {
    this.#host = host;
    this.#registry = new Registry(definitions(this));
  }

  get registry(): Registry {
    return this.#registry;
  }

  /** All magics. */
  readonly lsmagic = (): { magic: string; usage: string; summary: string }[] => this.#registry.list();

  /** Makes a magic of a function: `%name text` and `%%name text` with a body. */
  readonly define = (name: string, call: UserMagic, summary?: string): void =>
    this.#registry.define(name, call, summary);

  /** Runs a file of TypeScript, or the code cells of a notebook, in the session: its names stay. */
  readonly run = async (file: string, ...args: string[]): Promise<unknown> => {
    const path = resolve(expandHome(file));
    const text = await readFile(path, "utf8");
    const label = file.replace(/^\.\//, "");
    const { argv } = process;
    process.argv = [process.execPath, path, ...args];
    try {
      if (!path.endsWith(".ipynb")) return await this.#host.runCode(text, { label });
      let last: unknown;
      for (const [i, code] of codeCells(text, file).entries())
        last = await this.#host.runCode(code, { label: `${label}[${i + 1}]` });
      return last;
    } finally {
      process.argv = argv;
    }
  };

  /** Loads a module anew, and what depends on it; names imported from there get their new values. */
  readonly reload = (specifier: string): Promise<string[]> => this.#host.reload(specifier);

  /** Puts the source of a name, of cells (`3`, `1-4`) or of a file into a new cell. */
  readonly edit = async (...what: string[]): Promise<void> => {
    const text = await this.#sourceOf(what);
    this.#host.payload({ source: "set_next_input", text, replace: false });
  };

  /** Runs a function and says how long it took. Returns what the function returned. */
  readonly time = async <T>(call: () => T): Promise<Awaited<T>> => {
    const stop = stopwatch();
    const result = await call();
    this.report(stop());
    return result;
  };

  readonly timeit = (call: () => unknown, options?: TimeitOptions): Promise<TimeitResult> => timeit(call, options);

  /** The session's own names, those of one type when it is given. */
  readonly who = (type?: string): string[] => who(this.#host, type);
  readonly whos = (type?: string): NameInfo[] => whos(this.#host, type);

  /** Forgets names (all without any), and with them `Out` and `_`. A forgotten name reads as undefined. */
  readonly reset = (...names: string[]): Promise<void> => this.#host.reset(names.length > 0 ? names : null);

  /** Changes the folder of programs and of relative files; `-` is the one before. Imports stay where the notebook is. */
  readonly cd = (folder = "~"): string => {
    const before = process.cwd();
    process.chdir(folder === "-" ? this.#previousFolder : expandHome(folder));
    this.#previousFolder = before;
    return process.cwd();
  };
  readonly pwd = (): string => process.cwd();

  readonly env = Object.assign(
    /** All variables, one, or sets one. Values that look private are not listed. */
    (name?: string, value?: string): { name: string; value: string }[] | string | undefined => {
      if (name === undefined) return environment();
      if (value !== undefined) process.env[name] = value;
      return process.env[name];
    },
    { info: (): RuntimeInfo => runtimeInfo() },
  );

  /** Sources of cells: all of this session, those that `3`, `1-4` name, or `~1/1-4` of the session before. */
  readonly history = (...cells: string[]): { number: number; source: string }[] => {
    const earlier = /^~(\d+)\/?(.*)$/.exec(cells[0] ?? "");
    if (!earlier) return select(this.#host.sources, cells);
    const session = this.#host.earlier().at(-Number(earlier[1]));
    if (Number(earlier[1]) === 0 || !session) throw new RangeError(`There is no session ${cells[0]} in the history.`);
    const sources = Object.fromEntries(session.read().map(({ line, source }) => [line, source]));
    return select(
      sources,
      [earlier[2] ?? "", ...cells.slice(1)].filter((one) => one !== ""),
    );
  };

  /** All options, the value of one, or sets one for this kernel. */
  readonly config = (name?: string, value?: unknown): OptionInfo[] | boolean => {
    const { config } = this.#host;
    if (name === undefined) return config.list();
    if (value !== undefined) config.set(name, value);
    return config.value(name);
  };

  /** Writes cells to a file as a script. */
  readonly save = async (file: string, ...cells: string[]): Promise<string> => {
    const path = resolve(expandHome(file));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, scriptOf(this.history(...cells)));
    return path;
  };

  /** Starts a command behind the cells: `nb.magic.bg(["sleep 5"])`, or calls a function with a signal that ends it. */
  readonly bg = Object.assign(
    (
      work: TemplateStringsArray | readonly string[] | ((signal: AbortSignal) => unknown),
      ...values: unknown[]
    ): Job => {
      if (typeof work === "function") return this.#jobs.call(work);
      const text = work.map((piece, i) => (i < values.length ? `${piece}\${…}` : piece)).join("");
      return this.#jobs.start(text.trim(), [...work], values);
    },
    { list: (): Job[] => this.#jobs.list(), get: (id: number): Job => this.#jobs.get(id) },
  );

  /** Runs a script for bash; `args` are its `$1`, `$2` …. Resolves to the exit status. */
  readonly bash = (script: string, options: ScriptOptions = {}): Promise<number> =>
    this.#script(script, { ...options, program: options.program ?? "bash" });
  /** Runs a script for Python; `args` are its `sys.argv[1:]`. */
  readonly python = (script: string, options: ScriptOptions = {}): Promise<number> =>
    this.#script(script, { ...options, program: options.program ?? "python3" });

  readonly html = (text: string): void => void this.#host.display.html(text);
  readonly markdown = (text: string): void => void this.#host.display.markdown(text);
  readonly svg = (text: string): void => void this.#host.display.svg(text);
  readonly latex = (text: string): void => void this.#host.display.latex(text);

  /** Runs a function and keeps what it would have shown. */
  readonly capture = async (call: () => unknown): Promise<CapturedOutput> => {
    const captured = this.#host.capture(this.#host.execution());
    try {
      await call();
    } finally {
      captured.end();
    }
    return captured.end();
  };

  /** Lets a program that stopped at `nb.breakpoint()` go on. */
  readonly continue = (): void => this.#host.goOn();

  /** What is known of a name: signature, comment, example, source. */
  readonly help = (chain: string): Promise<Help> => helpOn(this.#host, chain);

  /** Tells the person, below the cell. */
  report(timing: Timing): void {
    process.stdout.write(`${describeTiming(timing)}\n`);
  }

  /** Output of a script as lines instead of in the cell. */
  async lines(call: (stdout: (chunk: Buffer) => void) => Promise<number>): Promise<Lines> {
    return collect(call);
  }

  assign(name: string, value: unknown): Promise<void> {
    return this.#host.assign(name, value);
  }

  program(script: string, options: ScriptOptions & { stdout?: (chunk: Buffer) => void }): Promise<number> {
    return this.#script(script, options);
  }

  async #script(
    script: string,
    { program = "sh", args = [], stdout }: ScriptOptions & { stdout?: (chunk: Buffer) => void },
  ): Promise<number> {
    const short = script.length < MAX_ARGUMENT;
    const output = stdout ? { stdout } : {};
    // A script that is read from standard input could not read anything itself.
    if (short && /(?:^|\/)(?:ba|da|z|k)?sh$/.test(program))
      return runProgram([program, "-c", script, program, ...args], output);
    if (short && /python[\d.]*$/.test(program)) return runProgram([program, "-c", script, ...args], output);
    const from = /sh$/.test(program) ? "-s" : "-";
    return runProgram([program, from, ...args], { ...output, stdin: script });
  }

  async #sourceOf(what: readonly string[]): Promise<string> {
    const [first = ""] = what;
    if (first === "") throw new TypeError("%edit takes a name, cells such as 3 or 1-4, or a file.");
    if (/^\d/.test(first))
      return this.history(...what)
        .map(({ source }) => source)
        .join("\n");
    const declared = declarationOf(first, this.#host.sources);
    if (declared) return declared.doc === "" ? declared.source : `${commented(declared.doc)}\n${declared.source}`;
    try {
      return await readFile(resolve(expandHome(first)), "utf8");
    } catch (cause) {
      throw new Error(`${first} is neither a name that a cell declares nor a file that can be read.`, { cause });
    }
  }
}

const commented = (doc: string): string =>
  ["/**", ...doc.split("\n").map((line) => ` * ${line}`.trimEnd()), " */"].join("\n");

function select(sources: Readonly<Record<number, string>>, cells: readonly string[]) {
  const numbers = Object.keys(sources).map(Number);
  return cellNumbers(cells, numbers).map((number) => ({ number, source: sources[number] ?? "" }));
}

/** @throws SyntaxError when the file is no notebook. */
function codeCells(text: string, file: string): string[] {
  const notebook: unknown = JSON.parse(text);
  const cells: unknown =
    typeof notebook === "object" && notebook !== null && "cells" in notebook ? notebook.cells : null;
  if (!Array.isArray(cells)) throw new SyntaxError(`${file} has no cells: it is not a notebook of format 4.`);
  return cells.flatMap((cell: unknown) => {
    if (typeof cell !== "object" || cell === null || !("source" in cell)) return [];
    if (!("cell_type" in cell) || cell.cell_type !== "code") return [];
    return [Array.isArray(cell.source) ? cell.source.join("") : String(cell.source)];
  });
}
