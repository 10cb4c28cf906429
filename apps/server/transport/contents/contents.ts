import type { Stats } from "node:fs";
import { type FileHandle, lstat, mkdir, readdir, rmdir, unlink } from "node:fs/promises";
import { HttpError } from "../errors.ts";
import { type ContentsModel, hashOf, isNotebookName, mimeOf, type ReadQuery, type SaveRequest } from "./model.ts";
import { type ContentRoot, checkComponents, type Folder, isHidden } from "./root.ts";
import { moveEntry, writeWhole } from "./write.ts";

/** Beyond this a file comes as a download, not as JSON. Bytes. */
export const LARGEST_CONTENT = 64 * 1024 * 1024;
const MOST_ENTRIES = 20_000;

export interface ContentsOptions {
  root: ContentRoot;
  /** Text of a notebook that is open right now, which the file may lag behind. */
  openText(path: string): Promise<string> | undefined;
  newNotebook(): string;
}

/** Files below the served folder, as Jupyter's contents service shows them. Paths are checked components. */
export class Contents {
  readonly #root: ContentRoot;
  readonly #options: ContentsOptions;

  constructor(options: ContentsOptions) {
    this.#root = options.root;
    this.#options = options;
  }

  async read(path: readonly string[], query: ReadQuery): Promise<ContentsModel> {
    const target = await this.#root.resolveTarget(path);
    if (target.length === 0) return this.#root.inFolder([], (folder) => this.#directory(path, folder, query));
    return this.#root.inParent(target, async (parent, name) => {
      await using handle = await parent.openFile(name);
      const stat = await handle.stat();
      if (stat.isDirectory()) {
        return await this.#root.inFolder(target, (folder) => this.#directory(path, folder, query));
      }
      if (!stat.isFile()) throw new HttpError("bad-request", `${path.join("/")} is not a regular file.`);
      return await this.#file(path, { handle, stat, query });
    });
  }

  async save(path: readonly string[], request: SaveRequest): Promise<{ model: ContentsModel; created: boolean }> {
    const target = await this.#root.resolveTarget(path);
    const created = await this.#root.inParent(target, async (folder, name) => {
      const before = await lstat(folder.at(name)).catch(() => null);
      if (request.type === "directory") {
        if (!before) await mkdir(folder.at(name));
        else if (!before.isDirectory()) throw new HttpError("exists", `${path.join("/")} is a file.`);
        return !before;
      }
      await writeWhole(folder, name, { data: toBytes(request) });
      return !before;
    });
    return { model: await this.#shown(path), created };
  }

  async create(path: readonly string[], type: ContentsModel["type"], extension: string): Promise<ContentsModel> {
    const [base, joint, ext] = UNTITLED[type];
    const suffix = type === "file" && extension !== "" ? `.${extension.replace(/^\./, "")}` : ext;
    const content = type === "notebook" ? this.#options.newNotebook() : "";
    return this.#firstFree(path, async (folder, n) => {
      const name = `${base}${n === 0 ? "" : `${joint}${n}`}${suffix}`;
      if (type === "directory") await mkdir(folder.at(name));
      else await writeWhole(folder, name, { data: content, exclusive: true });
      return name;
    });
  }

  async copy(from: readonly string[], intoFolder: readonly string[]): Promise<ContentsModel> {
    const source = from.at(-1) ?? "";
    const text = await this.#options.openText(from.join("/"));
    const data = text ?? (await this.readBytes(from));
    const dot = source.lastIndexOf(".");
    const [stem, ext] = dot > 0 ? [source.slice(0, dot), source.slice(dot)] : [source, ""];
    const inSameFolder = from.slice(0, -1).join("/") === intoFolder.join("/");
    return this.#firstFree(intoFolder, async (folder, n) => {
      const name = n === 0 ? (inSameFolder ? `${stem}-Copy${ext}` : source) : `${stem}-Copy${n}${ext}`;
      await writeWhole(folder, name, { data, exclusive: true });
      return name;
    });
  }

  async rename(from: readonly string[], to: readonly string[]): Promise<ContentsModel> {
    if (to.slice(0, from.length).join("/") === from.join("/") && to.length > from.length) {
      throw new HttpError("bad-request", "A folder cannot move into itself.");
    }
    if (from.join("/") !== to.join("/")) {
      await this.#root.inParent(from, (folder, name) =>
        this.#root.inParent(to, (toFolder, toName) => moveEntry({ folder, name }, { folder: toFolder, name: toName })),
      );
    }
    return this.#shown(to);
  }

  async remove(path: readonly string[]): Promise<void> {
    await this.#root.inParent(path, async (folder, name) => {
      const stat = await lstat(folder.at(name));
      if (stat.isDirectory()) await rmdir(folder.at(name));
      else await unlink(folder.at(name));
    });
  }

  async readBytes(path: readonly string[]): Promise<Buffer> {
    const { handle, size } = await this.openForRead(path);
    try {
      if (size > LARGEST_CONTENT) throw tooLarge(path);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  }

  /** The caller closes the handle. */
  async openForRead(path: readonly string[]): Promise<{ handle: FileHandle; size: number; modified: Date }> {
    const target = await this.#root.resolveTarget(path);
    return this.#root.inParent(target, async (folder, name) => {
      const handle = await folder.openFile(name);
      const stat = await handle.stat();
      if (stat.isFile()) return { handle, size: stat.size, modified: stat.mtime };
      await handle.close();
      throw new HttpError("bad-request", `${path.join("/")} is not a regular file.`);
    });
  }

  /** A path in the served folder that sessions may open: it exists, is a file, and no link leads out of it. */
  async realFile(path: readonly string[]): Promise<string> {
    const { handle } = await this.openForRead(path);
    await handle.close();
    return (await this.#root.resolveTarget(path)).join("/");
  }

  /** Absolute folder for a kernel or terminal to start in. */
  async realFolder(path: readonly string[]): Promise<string> {
    const target = await this.#root.resolveTarget(path);
    await this.#root.inFolder(target, async () => undefined);
    return [this.#root.path, ...target].join("/");
  }

  #shown(path: readonly string[]): Promise<ContentsModel> {
    return this.read(path, { content: false, hash: false });
  }

  async #firstFree(
    path: readonly string[],
    make: (folder: Folder, n: number) => Promise<string>,
  ): Promise<ContentsModel> {
    const target = await this.#root.resolveTarget(path);
    const name = await this.#root.inFolder(target, async (folder) => {
      for (let n = 0; n < 10_000; n += 1) {
        try {
          return await make(folder, n);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        }
      }
      throw new HttpError("exists", "Too many files of this name.");
    });
    return this.#shown([...path, name]);
  }

  async #directory(path: readonly string[], folder: Folder, query: ReadQuery): Promise<ContentsModel> {
    if (query.type !== undefined && query.type !== "directory") {
      throw new HttpError("bad-request", `${path.join("/")} is a folder.`);
    }
    const model = describe(path, await folder.stat());
    if (!query.content) return model;
    const names = (await readdir(folder.list())).filter((name) => !isHidden(name)).slice(0, MOST_ENTRIES);
    const entries = await Promise.all(names.map((name) => this.#entry([...path, name], folder)));
    return { ...model, format: "json", content: entries.filter((entry) => entry !== null) };
  }

  /** Null for what cannot be opened here: links that lead out, sockets, pipes, files that just went. */
  async #entry(path: readonly string[], folder: Folder): Promise<ContentsModel | null> {
    try {
      const name = checkComponents(path).at(-1) as string;
      const stat = await lstat(folder.at(name));
      if (stat.isFile() || stat.isDirectory()) return describe(path, stat);
      if (!stat.isSymbolicLink()) return null;
      return await this.read(path, { content: false, hash: false });
    } catch {
      return null;
    }
  }

  async #file(
    path: readonly string[],
    file: { handle: FileHandle; stat: Stats; query: ReadQuery },
  ): Promise<ContentsModel> {
    const { handle, stat, query } = file;
    const model = describe(path, stat);
    if (query.type === "directory") throw new HttpError("bad-request", `${path.join("/")} is not a folder.`);
    if (query.type === "file" || query.format === "text" || query.format === "base64") model.type = "file";
    if (query.type === "notebook") model.type = "notebook";
    if (!query.content && !query.hash) return model;
    if (stat.size > LARGEST_CONTENT) throw tooLarge(path);
    const openText = model.type === "notebook" ? await this.#options.openText(path.join("/")) : undefined;
    const bytes = openText === undefined ? await handle.readFile() : Buffer.from(openText);
    if (query.hash) Object.assign(model, { hash: hashOf(bytes), hash_algorithm: "sha256" });
    if (!query.content) return model;
    return { ...model, ...contentOf(model, bytes, query) };
  }
}

const UNTITLED: Record<ContentsModel["type"], [base: string, joint: string, extension: string]> = {
  notebook: ["Untitled", "", ".ipynb"],
  file: ["untitled", "", ".txt"],
  directory: ["Untitled Folder", " ", ""],
};

function tooLarge(path: readonly string[]): HttpError {
  return new HttpError("too-large", `${path.join("/")} is too large to show. Download it from /files/.`);
}

function describe(path: readonly string[], stat: Stats): ContentsModel {
  const name = path.at(-1) ?? "";
  const isDirectory = stat.isDirectory();
  return {
    name,
    path: path.join("/"),
    type: isDirectory ? "directory" : isNotebookName(name) ? "notebook" : "file",
    format: null,
    mimetype: null,
    content: null,
    size: isDirectory ? null : stat.size,
    writable: (stat.mode & 0o222) !== 0,
    created: (stat.birthtimeMs > 0 ? stat.birthtime : stat.ctime).toISOString(),
    last_modified: stat.mtime.toISOString(),
    hash: null,
    hash_algorithm: null,
  };
}

function contentOf(model: ContentsModel, bytes: Buffer, query: ReadQuery): Partial<ContentsModel> {
  if (model.type === "notebook") {
    try {
      return { format: "json", content: JSON.parse(bytes.toString("utf8")) as unknown };
    } catch (cause) {
      throw new HttpError("bad-request", `Unreadable Notebook: ${model.path} ${(cause as Error).message}`, { cause });
    }
  }
  const text = query.format === "base64" ? null : decodeText(bytes);
  if (text === null && query.format === "text") {
    throw new HttpError("bad-request", `${model.path} is not UTF-8 encoded`);
  }
  const mimetype = mimeOf(model.name, text !== null);
  return text === null
    ? { format: "base64", mimetype, content: bytes.toString("base64") }
    : { format: "text", mimetype, content: text };
}

function decodeText(bytes: Buffer): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function toBytes(request: SaveRequest): string | Buffer {
  const { content, format, type } = request;
  if (type === "notebook") {
    if (typeof content !== "object" || content === null || Array.isArray(content)) {
      throw new HttpError("bad-request", "The content of a notebook is a JSON object.");
    }
    return `${JSON.stringify(content, null, 1)}\n`;
  }
  if (typeof content !== "string") throw new HttpError("bad-request", "The content of a file is a string.");
  if (format !== "base64") return content;
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(content)) throw new HttpError("bad-request", "This is not base64.");
  return Buffer.from(content, "base64");
}
