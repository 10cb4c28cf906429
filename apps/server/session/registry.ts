import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, renameSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parseNotebook, serializeNotebook } from "@opsbook/notebook";
import { apply, type Conflict, type SessionState, type TimelineEvent, withEntry } from "@opsbook/notebook/session";
import type { Logger } from "pino";
import type { Runtime } from "../runtime/index.ts";
import { TEMP_PATTERN, writeAtomic } from "../store/atomic-write.ts";
import { Blobs } from "../store/blobs.ts";
import { Checkpoints } from "../store/checkpoints.ts";
import { toFile, toSession } from "../store/convert.ts";
import { FormatError } from "../store/formats.ts";
import { notebookKey } from "../store/notebook-key.ts";
import { Collector } from "../store/retention/collector.ts";
import type { RetentionPolicy } from "../store/retention/plan.ts";
import { idsIn } from "../store/retention/references.ts";
import { type Recovered, SessionFolder } from "../store/session-folder.ts";
import { Spools } from "../store/spools.ts";
import type { Retention } from "../store/thin.ts";
import { SessionError } from "./error.ts";
import { hashOf } from "./saver.ts";
import { Session } from "./session.ts";
import type { SessionParts, SessionStart } from "./session-parts.ts";
import { Streams } from "./streams.ts";

export interface RegistryOptions {
  /** The served folder, absolute. */
  root: string;
  /** Its `.opsbook`. */
  stateDir: string;
  runtime: Runtime;
  checkpoints?: CheckpointSettings;
  outputs?: RetentionPolicy;
  log: Logger;
}

export interface CheckpointSettings extends Retention {
  /** Minutes of change after which one is made; 0 for never. */
  everyMinutes: number;
}

const CHECKPOINTS: CheckpointSettings = { everyMinutes: 10, hourlyDays: 2, dailyDays: 30 };

const GIB = 1_073_741_824;
const OUTPUTS: RetentionPolicy = { notebookBytes: 2 * GIB, folderBytes: 10 * GIB, keepMs: 30 * 24 * 3_600_000 };

/** The open sessions of a server: one a notebook path. */
export class SessionRegistry {
  readonly #options: RegistryOptions;
  readonly #blobs: Blobs;
  /** The text of all stream outputs. */
  readonly spools: Spools;
  readonly checkpoints: Checkpoints;
  /** Keeps spools and blobs within their quotas. */
  readonly collector: Collector;
  readonly #sessions = new Map<string, Session>();
  readonly #opening = new Map<string, Promise<Session>>();

  private constructor(options: RegistryOptions) {
    this.#options = options;
    this.#blobs = new Blobs(join(options.stateDir, "blobs"));
    this.spools = new Spools(join(options.stateDir, "spools"));
    this.checkpoints = new Checkpoints(join(options.stateDir, "checkpoints"), options.checkpoints ?? CHECKPOINTS);
    const { root, stateDir, log } = options;
    this.collector = new Collector({
      stateDir,
      root,
      spools: this.spools,
      policy: options.outputs ?? OUTPUTS,
      openReferences: () => new Map(this.list().map(({ id, state }) => [id, idsIn(JSON.stringify(state))])),
      onCut: (outputId) => {
        for (const session of this.list()) session.outputCollected(outputId);
      },
      log,
    });
  }

  /** Sessions whose kernels went on without a server are opened at once. */
  static async open(options: RegistryOptions): Promise<SessionRegistry> {
    const registry = new SessionRegistry(options);
    await registry.#reopenRunning();
    registry.collector.start();
    return registry;
  }

  /**
   * The session of the notebook at `path`, relative to the served folder. Throws SessionError:
   * `not-found`, `not-a-notebook` (its name does not end in .ipynb), `invalid-notebook`, `storage-failed`.
   */
  async openSession(path: string): Promise<Session> {
    const open = this.#sessions.get(notebookKey(path));
    if (open) return open;
    let opening = this.#opening.get(path);
    if (!opening) {
      opening = this.#load(path).finally(() => this.#opening.delete(path));
      this.#opening.set(path, opening);
    }
    return opening;
  }

  session(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  byPath(path: string): Session | undefined {
    return this.#sessions.get(notebookKey(path));
  }

  list(): Session[] {
    return [...this.#sessions.values()];
  }

  blob(sha256: string): Promise<{ file: string; bytes: number } | undefined> {
    return this.#blobs.find(sha256);
  }

  /** Ends a session with its kernel. */
  async endSession(id: string): Promise<void> {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    await session?.dispose();
  }

  /** A file or folder was renamed: its sessions go on under the new path, their kernels unharmed. */
  async renamed(from: string, to: string): Promise<void> {
    await this.checkpoints.moved(from, to);
    for (const session of this.list()) {
      if (session.path !== from && !session.path.startsWith(`${from}/`)) continue;
      const path = to + session.path.slice(from.length);
      this.#sessions.delete(session.id);
      await session.close({ keepKernel: true, movedTo: path });
      const target = this.#folder(path);
      await rm(target, { recursive: true, force: true });
      renameSync(this.#folder(session.path), target);
      await this.openSession(path);
    }
  }

  /** Saves and closes every session; kernels go on where `keepKernels`. */
  async close({ keepKernels }: { keepKernels: boolean }): Promise<void> {
    await this.collector.stop();
    const ends = await Promise.allSettled(this.list().map((session) => session.close({ keepKernel: keepKernels })));
    this.#sessions.clear();
    for (const end of ends)
      if (end.status === "rejected") this.#options.log.error({ err: end.reason }, "a session could not be saved");
  }

  async #load(path: string): Promise<Session> {
    if (!path.endsWith(".ipynb"))
      throw new SessionError("not-a-notebook", `${path} is no notebook: its name does not end in .ipynb.`);
    const { root, runtime, log } = this.#options;
    const file = join(root, path);
    const text = await readNotebook(file, path);
    await sweepTemp(dirname(file));
    const parts: SessionParts = {
      id: notebookKey(path),
      path,
      root,
      folder: new SessionFolder(this.#folder(path)),
      streams: new Streams(this.spools),
      blobs: this.#blobs,
      checkpoints: this.checkpoints,
      checkpointMinutes: (this.#options.checkpoints ?? CHECKPOINTS).everyMinutes,
      runtime,
      log: log.child({ notebook: path }),
    };
    try {
      const recovered = await this.#recover(parts, text);
      const start = recovered ?? (await fromFile(parts, text));
      const session = await Session.open(parts, start);
      this.#sessions.set(session.id, session);
      return session;
    } catch (error) {
      if (error instanceof SessionError) throw error;
      if (error instanceof FormatError) throw new SessionError("newer-format", error.message, { cause: error });
      throw new SessionError("storage-failed", `${path} cannot be opened: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /**
   * The state as the last server left it, where the file is still the one it saved. A file changed meanwhile
   * wins over a session that was saved; over unsaved edits it wins too, and those are kept in a copy beside it.
   */
  async #recover(parts: SessionParts, text: string): Promise<SessionStart | null> {
    const recovered = await parts.folder.recover().catch((error: Error) => {
      if (error instanceof FormatError) throw error;
      parts.log.error({ err: error }, "the session's stored state is unreadable; the notebook file is used");
      return null;
    });
    if (!recovered || recovered.snapshot.path !== parts.path) return null;
    const { state, seq, timeline } = replay(recovered);
    const { cursor, entries } = recovered;
    const { clientSeqs, refusals } = recovered.snapshot;
    const hash = hashOf(text);
    const saved = recovered.saved.find((mark) => mark.hash === hash);
    if (saved) return { state, seq, clientSeqs, refusals, entries, saved, cursor, timeline };
    const lastSaved = recovered.saved.at(-1);
    let conflict: Conflict | undefined;
    if (lastSaved && lastSaved.seq < seq) {
      const store = parts.streams.outputStore(parts.blobs);
      const time = new Date().toISOString().replace(/[:.]/g, "-");
      const copy = join(parts.root, parts.path.replace(/\.ipynb$/, `.unsaved-${time}.ipynb`));
      await writeAtomic(copy, serializeNotebook(await toFile(state.notebook, store)));
      conflict = { id: randomUUID(), file: basename(copy), at: Date.now() };
      parts.log.warn({ copy }, "the notebook was changed outside; edits that were not saved are in the copy");
    }
    const fresh = await fromFile(parts, text);
    if (conflict) fresh.state = { ...fresh.state, conflict };
    const start = { ...fresh, seq: seq + 1, saved: { seq: seq + 1, hash: fresh.saved.hash }, clientSeqs, refusals };
    return { ...start, timeline: [...timeline, changedOutside(seq + 1)] };
  }

  async #reopenRunning(): Promise<void> {
    const { runtime, stateDir, log } = this.#options;
    const live = new Set(runtime.kernels().map(({ id }) => id));
    if (live.size === 0) return;
    const folder = join(stateDir, "sessions");
    for (const id of existsSync(folder) ? readdirSync(folder) : []) {
      try {
        const recovered = await new SessionFolder(join(folder, id)).recover();
        if (!recovered || !live.has(replay(recovered).state.runtime.kernelId ?? "")) continue;
        await this.openSession(recovered.snapshot.path);
      } catch (error) {
        log.error({ err: error, session: id }, "a session with a running kernel could not be opened again");
      }
    }
  }

  #folder(path: string): string {
    return join(this.#options.stateDir, "sessions", notebookKey(path));
  }
}

async function readNotebook(file: string, path: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new SessionError("not-found", `There is no notebook ${path}.`, { cause: error });
    throw new SessionError("storage-failed", `${path} cannot be read: ${message}`, { cause: error });
  }
}

async function fromFile(parts: SessionParts, text: string): Promise<SessionStart> {
  const parsed = parseNotebook(text);
  if (!parsed.ok) {
    const { message, line, column } = parsed;
    throw new SessionError("invalid-notebook", message, { line, column });
  }
  for (const warning of parsed.warnings) parts.log.info({ warning }, "the notebook was read with a repair");
  const notebook = await toSession(parsed.notebook, parts.streams.outputStore(parts.blobs));
  const spec = parsed.notebook.metadata.kernelspec;
  const kernelspec = typeof spec === "object" && spec !== null && !Array.isArray(spec) ? spec : {};
  const kernelName = typeof kernelspec.name === "string" ? kernelspec.name : "typescript";
  const state: SessionState = {
    notebook,
    runtime: {
      kernelName,
      displayName: typeof kernelspec.display_name === "string" ? kernelspec.display_name : kernelName,
      language: typeof kernelspec.language === "string" ? kernelspec.language : "",
      kernelId: null,
      status: "none",
    },
    executions: [],
    prompts: [],
    clients: [],
  };
  return {
    state,
    seq: 0,
    clientSeqs: [],
    refusals: [],
    entries: [],
    saved: { seq: 0, hash: hashOf(text) },
    cursor: null,
    timeline: [],
  };
}

function replay({ snapshot, entries }: Recovered) {
  let { state, seq } = snapshot;
  let timeline: readonly TimelineEvent[] = snapshot.timeline;
  for (const entry of entries) {
    const result = apply(state, entry.op, { by: entry.by, at: entry.at });
    if (result.ok) {
      state = result.state;
      timeline = withEntry(timeline, entry, state);
    }
    seq = entry.seq;
  }
  return { state: { ...state, clients: [] }, seq, timeline };
}

/** While no server looked. */
function changedOutside(seq: number): TimelineEvent {
  const at = Date.now();
  const nothing = { by: null, checkpointId: null, before: null };
  return { kind: "version", cause: "outside", seq, at, until: at, label: "", ...nothing };
}

/** What an interrupted save left behind. */
async function sweepTemp(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (TEMP_PATTERN.test(name)) await rm(join(folder, name), { force: true });
}
