import { dirname, join } from "node:path";
import type { LanguageFrame } from "@opsbook/notebook/language";
import type { Logger } from "pino";
import type { Runtime } from "../runtime/index.ts";
import type { Session } from "../session/index.ts";
import { LiveValues } from "./live.ts";
import { Compiler, type CompilerState } from "./lsp/compiler.ts";
import { NotebookLanguage } from "./notebook.ts";
import { Project } from "./project.ts";

/** A notebook nobody asked about for this long, in milliseconds, is forgotten; without notebooks the compiler ends. */
const IDLE_MS = 5 * 60_000;

export interface LanguageServiceOptions {
  /** The served folder. */
  root: string;
  /** Its `.opsbook`. */
  stateDir: string;
  runtime: Runtime;
  log: Logger;
  idleMs?: number;
}

interface Open {
  language: Promise<NotebookLanguage>;
  session: Session;
  users: number;
  idle: NodeJS.Timeout | undefined;
}

export interface LanguageLease extends Disposable {
  language: NotebookLanguage;
}

export type StatusFrame = Extract<LanguageFrame, { type: "status" }>;

/** Knows the language of all open notebooks, through one compiler that is a child of the server. */
export class LanguageService {
  readonly #options: LanguageServiceOptions;
  readonly #open = new Map<string, Open>();
  readonly #listeners = new Set<(status: StatusFrame) => void>();
  readonly #compiler: Compiler;

  constructor(options: LanguageServiceOptions) {
    this.#options = options;
    this.#compiler = new Compiler({
      cwd: options.stateDir,
      log: options.log,
      onState: (state) => this.#onState(state),
    });
  }

  /** Of the compiler's process; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#compiler.pid;
  }

  get status(): StatusFrame {
    return toStatus(this.#compiler.state);
  }

  onStatus(listener: (status: StatusFrame) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** For as long as somebody looks at the notebook. Throws the file system's error. */
  async use(session: Session): Promise<LanguageLease> {
    let open = this.#open.get(session.id);
    if (open && open.session !== session) {
      this.#forget(session.id);
      open = undefined;
    }
    if (!open) {
      open = { language: this.#create(session), session, users: 0, idle: undefined };
      this.#open.set(session.id, open);
    }
    const used = open;
    clearTimeout(used.idle);
    used.users += 1;
    const release = () => {
      used.users -= 1;
      if (used.users > 0 || this.#open.get(session.id) !== used) return;
      used.idle = setTimeout(() => this.#forget(session.id), this.#options.idleMs ?? IDLE_MS).unref();
    };
    try {
      const language = await used.language;
      return { language, [Symbol.dispose]: release };
    } catch (error) {
      this.#open.delete(session.id);
      throw error;
    }
  }

  async close(): Promise<void> {
    const all = [...this.#open.keys()].map((id) => this.#forget(id));
    await Promise.allSettled(all);
    this.#compiler.stop();
  }

  async #create(session: Session): Promise<NotebookLanguage> {
    const { root, stateDir, runtime, log } = this.#options;
    const home = dirname(join(root, session.path));
    const project = await Project.create(join(stateDir, "language", session.id), home);
    const live = new LiveValues(runtime, () => session.state);
    return new NotebookLanguage({ session, root, compiler: this.#compiler, project, live, log });
  }

  async #forget(id: string): Promise<void> {
    const open = this.#open.get(id);
    if (!open) return;
    this.#open.delete(id);
    clearTimeout(open.idle);
    try {
      await (await open.language).close();
    } catch (error) {
      this.#options.log.warn({ err: error }, "what the language service kept of a notebook could not be removed");
    }
    if (this.#open.size === 0) this.#compiler.stop();
  }

  #onState(state: CompilerState): void {
    for (const listener of [...this.#listeners]) listener(toStatus(state));
    if (state.state !== "stopped") return;
    // It died or grew too big: whoever is looked at is told to it again.
    for (const { language } of this.#open.values())
      void language.then(
        (one) => one.restarted(),
        () => {},
      );
  }
}

function toStatus(state: CompilerState): StatusFrame {
  const message = state.state === "unavailable" ? state.message : "";
  return { type: "status", state: state.state === "stopped" ? "starting" : state.state, message };
}
