import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { HttpError } from "../errors.ts";
import type { Contents } from "./contents.ts";
import { hashOf } from "./model.ts";

/** Jupyter clients know one checkpoint a file, by this id. */
const ONLY_ID = "checkpoint";

export interface CheckpointModel {
  id: string;
  last_modified: string;
}

/** One saved copy a file, kept outside the served tree under the hash of its path. */
export class Checkpoints {
  readonly #dir: string;
  readonly #contents: Contents;

  constructor(stateDir: string, contents: Contents) {
    this.#dir = join(stateDir, "checkpoints");
    this.#contents = contents;
  }

  async create(path: readonly string[]): Promise<CheckpointModel> {
    const bytes = await this.#contents.readBytes(path);
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const file = this.#file(path);
    await writeFile(`${file}.tmp`, bytes, { mode: 0o600, flush: true });
    await rename(`${file}.tmp`, file);
    return this.#model(path);
  }

  async list(path: readonly string[]): Promise<CheckpointModel[]> {
    return this.#model(path).then(
      (model) => [model],
      () => [],
    );
  }

  async restore(path: readonly string[], id: string): Promise<void> {
    await this.#require(path, id);
    const bytes = await readFile(this.#file(path));
    await this.#contents.save(path, { type: "file", format: "base64", content: bytes.toString("base64") });
  }

  async remove(path: readonly string[], id: string): Promise<void> {
    await this.#require(path, id);
    await rm(this.#file(path), { force: true });
  }

  async #require(path: readonly string[], id: string): Promise<void> {
    if (id !== ONLY_ID) throw new HttpError("not-found", "There is no such checkpoint.");
    await this.#model(path);
  }

  async #model(path: readonly string[]): Promise<CheckpointModel> {
    const found = await stat(this.#file(path)).catch((cause: unknown) => {
      throw new HttpError("not-found", "There is no such checkpoint.", { cause });
    });
    return { id: ONLY_ID, last_modified: found.mtime.toISOString() };
  }

  #file(path: readonly string[]): string {
    return join(this.#dir, `${hashOf(path.join("/"))}.jupyter`);
  }
}
