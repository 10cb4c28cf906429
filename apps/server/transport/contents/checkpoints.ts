import type { Author, CheckpointReason } from "@opsbook/notebook/session";
import { z } from "zod";
import type { SessionRegistry } from "../../session/index.ts";
import type { Checkpoint } from "../../store/checkpoints.ts";
import type { Contents } from "./contents.ts";
import { isNotebookName } from "./model.ts";

/** Jupyter's two members, and ours, which its clients pass over. */
export interface CheckpointModel extends Pick<Checkpoint, "id" | "name" | "message" | "reason" | "by" | "bytes"> {
  last_modified: string;
}

const name = z.string().trim().min(1).max(200);
const message = z.string().max(10_000);

/** Without a name it is one of those that are thinned by time. Jupyter's clients send nothing. */
export const createCheckpointSchema = z
  .strictObject({
    name: name.optional(),
    message: message.optional(),
    reason: z.enum(["restart", "conflict"]).optional(),
  })
  .prefault({});
export const renameCheckpointSchema = z.strictObject({ name, message: message.optional() });
export const restoreCheckpointSchema = z.strictObject({ cellId: z.string().max(64).optional() }).prefault({});

/** Checkpoints as Jupyter's contents API shows them: of a notebook through its session, of other files as they are. */
export class CheckpointsApi {
  readonly #sessions: SessionRegistry;
  readonly #contents: Contents;

  constructor(sessions: SessionRegistry, contents: Contents) {
    this.#sessions = sessions;
    this.#contents = contents;
  }

  /** Oldest first, as Jupyter's clients expect. */
  async list(path: readonly string[]): Promise<CheckpointModel[]> {
    return (await this.#sessions.checkpoints.list(await this.#contents.realFile(path))).map(toModel);
  }

  async create(
    path: readonly string[],
    request: z.infer<typeof createCheckpointSchema>,
    by: Author,
  ): Promise<CheckpointModel> {
    const reason: CheckpointReason = request.name === undefined ? (request.reason ?? "api") : "named";
    const wanted = { name: request.name, message: request.message, reason, by };
    const file = await this.#contents.realFile(path);
    const session = this.#sessions.byPath(file);
    if (session) return toModel(await session.versions.checkpoint(wanted));
    const data = await this.#contents.readBytes(path);
    return toModel(await this.#sessions.checkpoints.create(file, { ...wanted, data }));
  }

  /** Gives the id of the checkpoint of what was there before. */
  async restore(path: readonly string[], id: string, { by, cellId }: { by: Author; cellId?: string | undefined }) {
    const file = await this.#contents.realFile(path);
    if (isNotebookName(file)) {
      const session = await this.#sessions.openSession(file);
      return (await session.versions.restore(id, by, cellId)).before.id;
    }
    const { data } = await this.#sessions.checkpoints.read(file, id);
    const before = await this.#contents.readBytes(path);
    const made = await this.#sessions.checkpoints.create(file, { data: before, reason: "restore", by });
    await this.#contents.save(path, { type: "file", format: "base64", content: data.toString("base64") });
    return made.id;
  }

  async rename(
    path: readonly string[],
    id: string,
    { by, ...change }: z.infer<typeof renameCheckpointSchema> & { by: Author },
  ): Promise<CheckpointModel> {
    const file = await this.#contents.realFile(path);
    const session = this.#sessions.byPath(file);
    if (session) return toModel(await session.versions.rename(id, change, by));
    return toModel(await this.#sessions.checkpoints.rename(file, id, change));
  }

  async remove(path: readonly string[], id: string, by: Author): Promise<void> {
    const file = await this.#contents.realFile(path);
    const session = this.#sessions.byPath(file);
    if (session) await session.versions.remove(id, by);
    else await this.#sessions.checkpoints.remove(file, id);
  }
}

function toModel({ id, at, name, message, reason, by, bytes }: Checkpoint): CheckpointModel {
  return { id, last_modified: new Date(at).toISOString(), name, message, reason, by, bytes };
}
