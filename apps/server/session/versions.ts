import { readFile } from "node:fs/promises";
import { type Notebook, type ParseResult, parseNotebook } from "@opsbook/notebook";
import {
  type Author,
  apply,
  type CheckpointReason,
  checkpointIdSchema,
  diffText,
  type Rejected,
  replaceNotebook,
  type ServerOperation,
  type SessionNotebook,
  type SessionState,
  type TextChange,
} from "@opsbook/notebook/session";
import type { Logger } from "pino";
import { type Checkpoint, CheckpointError, type Checkpoints } from "../store/checkpoints.ts";
import { type OutputStore, toFile, toSession } from "../store/convert.ts";
import { gitHead } from "../store/git-head.ts";
import { SessionError } from "./error.ts";

export interface VersionsHost {
  checkpoints: Checkpoints;
  /** Minutes of change after which a checkpoint is made; 0 for never. */
  checkpointMinutes: number;
  path(): string;
  file(): string;
  state(): SessionState;
  /** The current `.ipynb` text. */
  text(): Promise<string>;
  outputStore(): OutputStore;
  /** Resolves once it is on disk and told; null where it is refused. */
  submit(op: ServerOperation, by: Author | null): Promise<void> | Rejected;
  /** Changes an open document of cell text. */
  replaceText(cellId: string, before: string, after: string): TextChange;
  log: Logger;
}

export interface CheckpointRequest {
  reason: CheckpointReason;
  by: Author | null;
  name?: string | undefined;
  message?: string | undefined;
}

interface Putting {
  cause: "restored" | "outside";
  checkpointId: string | null;
  by: Author | null;
  cellId: string | undefined;
  /** What was there when the outputs were compared. */
  seen: SessionNotebook;
  /** Cells whose outputs read the same in both. */
  same: ReadonlySet<string>;
  before: string | null;
  label: string;
}

/** Checkpoints of one notebook that is open, and the way back to them. */
export class Versions {
  readonly #host: VersionsHost;
  #timer: NodeJS.Timeout | undefined;
  /** One after the other: of two restores at once, each finds what the other left. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(host: VersionsHost) {
    this.#host = host;
  }

  /** The notebook changed: a checkpoint follows when changes have gone on for a while. */
  touch(): void {
    const { checkpointMinutes, log } = this.#host;
    if (checkpointMinutes === 0 || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.checkpoint({ reason: "interval", by: null }).catch((error: Error) =>
        log.error({ err: error }, "a checkpoint could not be made"),
      );
    }, checkpointMinutes * 60_000);
    this.#timer.unref();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** As the notebook stands now. One without a name is not made twice of the same content. */
  checkpoint(request: CheckpointRequest): Promise<Checkpoint> {
    return this.#enqueue(() => this.#checkpoint(request));
  }

  rename(id: string, change: { name: string; message?: string | undefined }, by: Author): Promise<Checkpoint> {
    return this.#enqueue(async () => {
      const meta = await this.#host.checkpoints.rename(this.#host.path(), id, change);
      await this.#tell({ type: "checkpoint-renamed", checkpointId: id, name: change.name }, by);
      return meta;
    });
  }

  remove(id: string, by: Author): Promise<void> {
    return this.#enqueue(async () => {
      const { name } = await this.#host.checkpoints.remove(this.#host.path(), id);
      await this.#tell({ type: "checkpoint-deleted", checkpointId: id, name }, by);
    });
  }

  /**
   * Puts a checkpoint, or its version of one cell, in place of what is there, which becomes a checkpoint first. Throws
   * CheckpointError, and SessionError `invalid-notebook` or `cell-not-found`.
   */
  restore(id: string, by: Author, cellId?: string): Promise<{ before: Checkpoint }> {
    return this.#enqueue(() => this.#restore(id, by, cellId));
  }

  /**
   * The `.ipynb` text of a version: `now`, `saved` (the file on disk), `head` (the last commit of its git repository) or
   * a checkpoint's id. Throws CheckpointError `not-found`.
   */
  async text(version: string): Promise<string> {
    const { checkpoints, path, file, text } = this.#host;
    if (version === "now") return text();
    if (version === "saved") return readFile(file(), "utf8");
    if (version !== "head") return (await checkpoints.read(path(), version)).data.toString();
    const head = await gitHead(file());
    if (head === null)
      throw new CheckpointError("not-found", "The last commit of a git repository has no such file, or there is none.");
    return head;
  }

  #enqueue<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#work.then(task);
    this.#work = done.catch(() => {});
    return done;
  }

  async #checkpoint({ reason, by, name, message }: CheckpointRequest): Promise<Checkpoint> {
    const { checkpoints, path, text } = this.#host;
    const data = await text();
    if (name === undefined) {
      const newest = (await checkpoints.list(path())).at(-1);
      const same = newest && (await checkpoints.read(path(), newest.id).catch(() => null));
      if (same?.data.equals(Buffer.from(data))) return same.meta;
    }
    const meta = await checkpoints.create(path(), { data, reason, by, name, message });
    this.stop();
    await this.#tell({ type: "checkpoint-created", checkpointId: meta.id, name: meta.name, reason }, by);
    return meta;
  }

  async #restore(id: string, by: Author, cellId: string | undefined): Promise<{ before: Checkpoint }> {
    const { checkpoints, path } = this.#host;
    const { meta, data } = await checkpoints.read(path(), id);
    const version = readVersion(data.toString(), cellId);
    const before = await this.#checkpoint({ reason: "restore", by });
    await this.#put(version, {
      ...{ cause: "restored", checkpointId: id, by, cellId },
      ...{ before: before.id, label: labelOf(meta) },
    });
    return { before };
  }

  /**
   * Puts what came from outside in place of what is there: the file as somebody wrote it, or what was chosen of two
   * versions. `version` is asked for when its turn has come. Throws SessionError `not-replaceable`.
   */
  takeOutside(
    version: (mine: Notebook) => Notebook,
    { by, label, checkpoint }: { by: Author | null; label: string; checkpoint: boolean },
  ): Promise<void> {
    return this.#enqueue(async () => {
      const before = checkpoint ? (await this.#checkpoint({ reason: "conflict", by })).id : null;
      const mine = await toFile(this.#host.state().notebook, this.#host.outputStore());
      await this.#put(version(mine), { cause: "outside", checkpointId: null, before, by, label, cellId: undefined });
    });
  }

  async #put(version: Notebook, how: Omit<Putting, "seen" | "same">): Promise<void> {
    const { outputStore } = this.#host;
    const seen = this.#host.state().notebook;
    const same = sameOutputs(await toFile(seen, outputStore()), version);
    const target = await toSession(withoutOutputs(version, same), outputStore());
    const replaced = this.#replace(target, { ...how, seen, same });
    if ("ok" in replaced) throw new SessionError("not-replaceable", replaced.message);
    await replaced;
  }

  /** In one turn: what the operation says of texts and runs is true when it takes its place. */
  #replace(target: SessionNotebook, version: Putting): Promise<void> | Rejected {
    const { state, submit, replaceText } = this.#host;
    const shown = new Map(version.seen.cells.map(({ id, outputs }) => [id, outputs]));
    const now = new Map(state().notebook.cells.map(({ id, outputs }) => [id, outputs]));
    const build = (edit: typeof replaceText) =>
      replaceNotebook(state(), {
        cause: version.cause,
        checkpointId: version.checkpointId,
        before: version.before,
        label: version.label,
        target,
        ...(version.cellId === undefined ? {} : { onlyCell: version.cellId }),
        sameOutputs: (id) => version.same.has(id) && shown.get(id) === now.get(id),
        edit,
      });
    // Tried first: an open document that was changed cannot be changed back.
    const context = { by: version.by, at: Date.now() };
    const trial = apply(
      state(),
      build((_cellId, before, after) => ({ update: "", splices: diffText(before, after) })),
      context,
    );
    return trial.ok ? submit(build(replaceText), version.by) : trial;
  }

  async #tell(op: ServerOperation, by: Author | null): Promise<void> {
    await this.#host.submit(op, by);
  }
}

/** What a checkpoint made without a name is called by. */
const labelOf = ({ name, at }: Checkpoint): string => name ?? new Date(at).toISOString();

function readVersion(text: string, cellId: string | undefined): Notebook {
  const parsed: ParseResult = parseNotebook(text);
  if (!parsed.ok) throw new SessionError("invalid-notebook", `This version cannot be read: ${parsed.message}`);
  if (cellId !== undefined && !parsed.notebook.cells.some(({ id }) => id === cellId))
    throw new SessionError("no-such-cell", "This version has no such cell.");
  return parsed.notebook;
}

/** Ids of cells whose outputs read the same in both. */
function sameOutputs(now: Notebook, version: Notebook): Set<string> {
  const outputs = ({ cells }: Notebook) =>
    new Map(cells.map((cell) => [cell.id, cell.cell_type === "code" ? JSON.stringify(cell.outputs) : "[]"]));
  const [ours, theirs] = [outputs(now), outputs(version)];
  return new Set([...theirs].filter(([id, json]) => ours.get(id) === json).map(([id]) => id));
}

/** So that no spool is written for what is shown already. */
function withoutOutputs(notebook: Notebook, cellIds: ReadonlySet<string>): Notebook {
  const cells = notebook.cells.map((cell) =>
    cell.cell_type === "code" && cellIds.has(cell.id) ? { ...cell, outputs: [] } : cell,
  );
  return { ...notebook, cells };
}

/** A version of a notebook that is named in an address. */
export const isVersionName = (name: string): boolean =>
  ["now", "saved", "head"].includes(name) || checkpointIdSchema.safeParse(name).success;
