import { displaySymbol, type MimeBundle } from "../core/display.ts";
import { GuardError } from "../core/guard.ts";
import { type Duration, parseDuration } from "../core/options.ts";
import { Secret } from "../core/secret.ts";
import { Output } from "./output.ts";
import { formatArgv } from "./quote.ts";
import { type ProcessRun, type StdinSource, startRun } from "./run.ts";
import { toArgument } from "./template.ts";
import type { Transport } from "./transport.ts";

interface Settings {
  readonly cwd?: string;
  readonly env: ReadonlyMap<string, string | undefined>;
  readonly stdin?: StdinSource;
  readonly timeout?: Duration;
  readonly signal?: AbortSignal;
  readonly lenient: boolean;
}

const DEFAULTS: Settings = { env: new Map(), lenient: false };

/** Values of environment variables; undefined removes one. */
export type EnvironmentChanges = Readonly<Record<string, string | number | Secret | undefined>>;

/**
 * A program with its arguments, not yet started. `await` it, or ask for `.text()`, `.lines()`, `.json()`, `.bytes()`.
 * Each setting gives a new command and leaves this one as it is.
 */
export class Command extends Output {
  protected readonly argv: readonly [string, ...string[]];
  readonly #transport: Transport;
  readonly #settings: Settings;

  constructor(transport: Transport, argv: readonly [string, ...string[]], settings: Settings = DEFAULTS) {
    super();
    this.#transport = transport;
    this.argv = argv;
    this.#settings = settings;
  }

  protected get lenient(): boolean {
    return this.#settings.lenient;
  }

  /** Feeds the program: a text, a secret, bytes, or anything that yields those. Without it the input is empty. */
  stdin(source: StdinSource): Command {
    return this.#with({ stdin: source });
  }

  /** The folder it runs in. */
  cwd(folder: string | { readonly path: string }): Command {
    return this.#with({ cwd: toArgument(folder) });
  }

  /** Adds to the environment; undefined removes a variable. */
  env(changes: EnvironmentChanges): Command {
    const env = new Map(this.#settings.env);
    for (const [name, value] of Object.entries(changes)) env.set(checkName(name), this.#environmentValue(name, value));
    return this.#with({ env });
  }

  /** Milliseconds or `"5s"`: after it the program and its children are ended, and the command fails. */
  timeout(limit: Duration): Command {
    parseDuration(limit);
    return this.#with({ timeout: limit });
  }

  /** Ends the program and its children when `signal` aborts. */
  signal(signal: AbortSignal): Command {
    return this.#with({ signal });
  }

  /** Gives the result also when the command fails. */
  nothrow(): Command {
    return this.#with({ lenient: true });
  }

  override toString(): string {
    return formatArgv(this.argv);
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `Command(${this})`;
  }

  [displaySymbol](): MimeBundle {
    return { "text/plain": `${this}  [not started: await it]` };
  }

  /** Starts it for a pipeline, which connects the ends itself. */
  start(connect: { readonly feedsStdin?: boolean } = {}): Promise<ProcessRun> {
    const { cwd, env, stdin, timeout, signal } = this.#settings;
    const feedsStdin = connect.feedsStdin === true || stdin !== undefined;
    const spawn = { argv: this.argv, cwd, env, feedsStdin };
    return startRun({ transport: this.#transport, spawn, stdin, timeout, signal });
  }

  protected begin(): Promise<ProcessRun> {
    return this.start();
  }

  #environmentValue(name: string, value: string | number | Secret | undefined): string | undefined {
    if (!(value instanceof Secret)) return value === undefined ? undefined : toArgument(value);
    if (!this.#transport.remote) return value.reveal();
    throw new GuardError({
      rule: "sh.secret-in-argv",
      why: `the environment of a remote command travels in its command line, so ${name} would show in the process list there`,
      instead: "sh`…`.stdin(secret), read by the remote program",
    });
  }

  #with(changes: Partial<Settings>): Command {
    return new Command(this.#transport, this.argv, { ...this.#settings, ...changes });
  }
}

function checkName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new TypeError(`${JSON.stringify(name)} is not the name of an environment variable`);
  }
  return name;
}
