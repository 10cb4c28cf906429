import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Author,
  type CheckpointReason,
  checkpointIdSchema,
  checkpointReasonSchema,
} from "@opsbook/notebook/session";
import { z } from "zod";
import { TEMP_PATTERN, writeAtomic } from "./atomic-write.ts";
import { FormatError, migrate, versionOf } from "./formats.ts";
import { notebookKey } from "./notebook-key.ts";
import { type Retention, toThin } from "./thin.ts";

const metaSchema = z.object({
  version: z.literal(versionOf("checkpoint")),
  id: checkpointIdSchema,
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** What a person called it; null for the server's own. */
  name: z.string().nullable(),
  message: z.string(),
  reason: checkpointReasonSchema,
  by: z.object({ id: z.string(), name: z.string() }).nullable(),
  /** SHA-256 of the content, hex, and its length in bytes. */
  hash: z.string(),
  bytes: z.number().int(),
});
export type Checkpoint = z.infer<typeof metaSchema>;

const ownerSchema = z.object({ version: z.literal(1), path: z.string() });

export interface NewCheckpoint {
  data: string | Buffer;
  reason: CheckpointReason;
  by: Author | null;
  name?: string | null | undefined;
  message?: string | undefined;
}

export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
  readonly code: "not-found" | "damaged";

  constructor(code: CheckpointError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** What an interrupted write left behind is swept after this. */
const ORPHAN_MS = 3_600_000;

/**
 * `.opsbook/checkpoints/<key of the path>/`: of each checkpoint `<id>.ipynb` (`.data` for other files) with the bytes
 * and, written after it, `<id>.json` that says who, when and why. `owner.json` names the notebook.
 */
export class Checkpoints {
  readonly #folder: string;
  readonly #retention: Retention;

  constructor(folder: string, retention: Retention) {
    this.#folder = folder;
    this.#retention = retention;
  }

  /** Oldest first; what a newer program wrote is left out. */
  async list(path: string): Promise<Checkpoint[]> {
    const folder = this.#of(path);
    const names = (await readdir(folder).catch(nothing)).filter((name) => idOf(name) !== null).sort();
    const found = await Promise.all(names.map((name) => readMeta(join(folder, name)).catch(() => null)));
    return found.filter((meta) => meta !== null);
  }

  /** Resolves when it is on disk. Throws the file system's error. */
  async create(path: string, { data, reason, by, name = null, message = "" }: NewCheckpoint): Promise<Checkpoint> {
    const folder = await this.#opened(path);
    const at = Date.now();
    const id = `${new Date(at).toISOString().replace(/[-:.]/g, "")}-${randomBytes(4).toString("hex")}`;
    const bytes = Buffer.byteLength(data);
    const version = versionOf("checkpoint");
    const meta: Checkpoint = { version, id, at, name, message, reason, by, hash: hashOf(data), bytes };
    await writeAtomic(join(folder, `${id}${extension(path)}`), data, 0o600);
    await writeAtomic(join(folder, `${id}.json`), JSON.stringify(meta), 0o600);
    await this.#thin(path);
    return meta;
  }

  /** Throws CheckpointError (`not-found`, `damaged`) and FormatError. */
  async read(path: string, id: string): Promise<{ meta: Checkpoint; data: Buffer }> {
    const meta = await this.#meta(path, id);
    const data = await readFile(join(this.#of(path), `${id}${extension(path)}`)).catch(() => null);
    if (!data || hashOf(data) !== meta.hash)
      throw new CheckpointError("damaged", "This checkpoint is damaged: its content is not what was stored.");
    return { meta, data };
  }

  async rename(path: string, id: string, { name, message }: { name: string; message?: string | undefined }) {
    const meta = await this.#meta(path, id);
    const renamed = { ...meta, name, message: message ?? meta.message };
    await writeAtomic(join(this.#of(path), `${id}.json`), JSON.stringify(renamed), 0o600);
    return renamed;
  }

  async remove(path: string, id: string): Promise<Checkpoint> {
    const meta = await this.#meta(path, id);
    await this.#drop(path, id);
    return meta;
  }

  /** A notebook or folder has a new path: its checkpoints go along. */
  async moved(from: string, to: string): Promise<void> {
    for (const key of await readdir(this.#folder).catch(nothing)) {
      const path = await ownerOf(join(this.#folder, key));
      if (path === null || (path !== from && !path.startsWith(`${from}/`))) continue;
      const target = await this.#opened(to + path.slice(from.length));
      const source = join(this.#folder, key);
      // Into what a notebook of that name may have left there earlier; ids do not meet.
      for (const name of await readdir(source))
        if (name !== "owner.json") await rename(join(source, name), join(target, name));
      await rm(source, { recursive: true });
    }
  }

  #of(path: string): string {
    return join(this.#folder, notebookKey(path));
  }

  async #opened(path: string): Promise<string> {
    const folder = this.#of(path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await ownerOf(folder)) !== path)
      await writeAtomic(join(folder, "owner.json"), JSON.stringify({ version: 1, path }), 0o600);
    return folder;
  }

  async #meta(path: string, id: string): Promise<Checkpoint> {
    const missing = new CheckpointError("not-found", "There is no such checkpoint; it may have been deleted.");
    if (!checkpointIdSchema.safeParse(id).success) throw missing;
    try {
      return await readMeta(join(this.#of(path), `${id}.json`));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") throw missing;
      if (error instanceof FormatError) throw error;
      throw new CheckpointError("damaged", "This checkpoint is damaged: what describes it cannot be read.");
    }
  }

  /** First what makes it count. */
  async #drop(path: string, id: string): Promise<void> {
    const folder = this.#of(path);
    await rm(join(folder, `${id}.json`), { force: true });
    await rm(join(folder, `${id}${extension(path)}`), { force: true });
  }

  async #thin(path: string): Promise<void> {
    const automatic = (await this.list(path)).filter(({ name }) => name === null);
    for (const { id } of toThin(automatic, Date.now(), this.#retention)) await this.#drop(path, id);
    const folder = this.#of(path);
    const names = new Set(await readdir(folder));
    for (const name of names) {
      const isOrphan = TEMP_PATTERN.test(name) || (/\.(ipynb|data)$/.test(name) && !names.has(metaName(name)));
      if (isOrphan && (await ageOf(join(folder, name))) > ORPHAN_MS) await rm(join(folder, name), { force: true });
    }
  }
}

const extension = (path: string) => (path.toLowerCase().endsWith(".ipynb") ? ".ipynb" : ".data");
const hashOf = (data: string | Buffer) => createHash("sha256").update(data).digest("hex");
const metaName = (name: string) => name.replace(/\.(ipynb|data)$/, ".json");
const nothing = (): string[] => [];

function idOf(name: string): string | null {
  const id = name.endsWith(".json") ? name.slice(0, -".json".length) : "";
  return checkpointIdSchema.safeParse(id).success ? id : null;
}

async function readMeta(file: string): Promise<Checkpoint> {
  return metaSchema.parse(migrate("checkpoint", JSON.parse(await readFile(file, "utf8")), file));
}

async function ownerOf(folder: string): Promise<string | null> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(join(folder, "owner.json"), "utf8"))).path;
  } catch {
    return null;
  }
}

async function ageOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => null);
  return found ? Date.now() - found.mtimeMs : 0;
}
