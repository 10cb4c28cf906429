import { randomBytes } from "node:crypto";
import { posix } from "node:path";
import { BatchedLines } from "../core/batched-lines.ts";
import { formatBytes } from "../core/display.ts";
import { messageOf } from "../core/errors.ts";
import { hostChannel } from "../core/host-channel.ts";
import { LineSplitter } from "../core/line-splitter.ts";
import { type CallOptions, startCancellation } from "../core/options.ts";
import { Secret } from "../core/secret.ts";
import { decodeUtf8, Utf8Stream } from "../core/utf8.ts";
import { createEntry, createListing, kindOf } from "./entry.ts";
import { FilesError, invalidText } from "./error.ts";
import type { Files, PathArgument } from "./files.ts";
import { listHandles, openHandle } from "./handle.ts";
import { stopped, withLimits } from "./limits.ts";
import { parseMode } from "./mode.ts";
import type { FileSystem } from "./port.ts";
import { RemoveTreePlan } from "./remove-tree.ts";
import { createScratchRoot } from "./scratch-root.ts";
import { LARGEST, readFile, writeChunks } from "./transfer.ts";
import { copyTree, type TreeCopy } from "./tree.ts";
import { type FileContent, lstatOrUndefined, replaceFile, statOrUndefined } from "./write.ts";

/** `files` over any file system: what is done with the few operations that differ. */
export function createFiles(system: FileSystem): Files {
  const resolve = (path: PathArgument) => system.resolve(textOf(path));
  const call = <T>(path: PathArgument, options: CallOptions, work: (path: string, signal: AbortSignal) => Promise<T>) =>
    withLimits({ path: textOf(path), options }, (signal) => work(resolve(path), signal));

  const readAll = (path: PathArgument, options: CallOptions, length = LARGEST) =>
    call(path, options, async (resolved, signal) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of readFile(system, { path: resolved, signal, length })) chunks.push(chunk);
      return Buffer.concat(chunks);
    });

  const readText = async (given: PathArgument, options: CallOptions & { encoding?: string }) => {
    const path = textOf(given);
    const bytes = await readAll(path, options);
    const encoding = options.encoding ?? "utf-8";
    if (/^utf-?8$/i.test(encoding)) return decodeUtf8(bytes, (invalid) => invalidText(path, invalid));
    return decodeOther(path, { bytes, encoding });
  };

  async function* streamLines(path: PathArgument, options: CallOptions): AsyncGenerator<string[], void> {
    const resolved = resolve(path);
    using cancellation = startCancellation(options);
    const decoder = new Utf8Stream((invalid) => invalidText(resolved, invalid));
    const splitter = new LineSplitter();
    try {
      for await (const chunk of readFile(system, { path: resolved, signal: cancellation.signal })) {
        yield splitter.push(decoder.push(chunk));
      }
      decoder.end();
      yield splitter.end();
    } catch (error) {
      throw stopped(error, { path: resolved, timedOut: cancellation.timedOut, signal: cancellation.signal });
    }
  }

  const files: Files = {
    text: (path, options = {}) => readText(path, options),
    bytes: (path, options = {}) => readAll(path, options),
    head: (path, length, options = {}) => readAll(path, options, length),
    lines: (path, options = {}) => ({
      // biome-ignore lint/suspicious/noThenProperty: lines are awaitable as well as iterable.
      then: (onFulfilled, onRejected) =>
        collect(new BatchedLines(streamLines(path, options))).then(onFulfilled, onRejected),
      [Symbol.asyncIterator]: () => new BatchedLines(streamLines(path, options)),
    }),
    open: (path, options = {}) => call(path, options, (resolved) => openHandle(system, resolved)),
    handles: listHandles,
    json: async (path, schema, options = {}) => {
      const value = parseJson(textOf(path), await readText(path, options));
      return schema === undefined ? (value as never) : schema.parse(value);
    },
    stat: (path, options = {}) =>
      call(path, options, async (resolved) => {
        return createEntry(
          resolved,
          await (options.followLinks === false ? system.lstat(resolved) : system.stat(resolved)),
        );
      }),
    list: (folder, options = {}) =>
      call(folder, options, async (resolved) => {
        const items = [...(await system.readFolder(resolved))].sort((a, b) => (a.name < b.name ? -1 : 1));
        return createListing(resolved, items);
      }),
    exists: (path, options = {}) =>
      call(path, options, async (resolved) => (await lstatOrUndefined(system, resolved)) !== undefined),
    create: (path, content, options = {}) => {
      const mode = options.mode === undefined ? undefined : parseMode(options.mode);
      return call(path, options, async (resolved, signal) => {
        if (options.parents === true) await makeFolders(system, posix.dirname(resolved));
        await createFile(system, { path: resolved, content, mode, signal });
      });
    },
    write: (path, content, options = {}) => {
      const mode = options.mode === undefined ? undefined : parseMode(options.mode);
      return call(path, options, async (resolved, signal) => {
        if (options.parents === true) await makeFolders(system, posix.dirname(resolved));
        await replaceFile(system, { path: resolved, pieces: toPieces(content), mode, signal });
      });
    },
    copy: (from, to, options = {}) => {
      const target = resolve(to);
      return call(from, options, (source, signal) =>
        copyFile(system, { source, target, metadata: options.metadata === true, signal }),
      );
    },
    copyTree: (from, to, options = {}) => {
      const target = resolve(to);
      return call(from, options, async (source, signal) => {
        const progress = new TreeProgress(source);
        return await copyTree(system, { source, target, signal, onProgress: (copy) => progress.show(copy) });
      });
    },
    removeTree: (path, options = {}) =>
      call(path, options, (resolved, signal) => RemoveTreePlan.make(system, resolved, signal)),
    at: (root) => createFiles(createScratchRoot(system, resolve(root).replace(/\/$/, ""))),
    move: (from, to, options = {}) => {
      const target = resolve(to);
      return call(from, options, async (source, signal) => {
        try {
          await system.rename(source, target);
        } catch (error) {
          if (!(error instanceof FilesError) || error.code !== "other-file-system") throw error;
          await copyFile(system, { source, target, metadata: true, signal });
          await system.removeFile(source);
        }
      });
    },
    remove: (path, options = {}) =>
      call(path, options, async (resolved) => {
        const stat = await lstatOrUndefined(system, resolved);
        if (stat === undefined && options.missingOk === true) return;
        try {
          if (stat !== undefined && kindOf(stat.mode) === "folder") await system.removeFolder(resolved);
          else await system.removeFile(resolved);
        } catch (error) {
          const vanished = error instanceof FilesError && error.code === "not-found";
          if (!vanished || options.missingOk !== true) throw error;
        }
      }),
    makeFolder: (path, options = {}) => {
      const mode = options.mode === undefined ? undefined : parseMode(options.mode);
      return call(path, options, async (resolved) => {
        if (options.parents === true) await makeFolders(system, resolved, mode);
        else await makeOneFolder(system, resolved, mode);
      });
    },
    chmod: (path, mode, options = {}) => {
      const bits = parseMode(mode);
      return call(path, options, (resolved) => system.setMode(resolved, bits));
    },
    temp: (options = {}) => {
      const name = `opsbook-${randomBytes(8).toString("hex")}${options.suffix ?? ""}`;
      return call(posix.join(system.temporaryFolder, name), options, async (path, signal) => {
        await createFile(system, { path, content: options.content ?? "", mode: 0o600, signal });
        return { path, [Symbol.asyncDispose]: () => files.remove(path, { missingOk: true }) };
      });
    },
  };
  return Object.freeze(files);
}

function textOf(path: PathArgument): string {
  return typeof path === "string" ? path : path.path;
}

/** Redrawn at most so often, in milliseconds. */
const REDRAW_MS = 250;

/** How far a long copy has come, in the cell that waits for it. */
class TreeProgress {
  readonly #id: string = crypto.randomUUID();
  readonly #source: string;
  #shownAt = performance.now();
  #shown = false;

  constructor(source: string) {
    this.#source = source;
  }

  show({ files, bytes }: TreeCopy): void {
    if (performance.now() - this.#shownAt < REDRAW_MS) return;
    const text = `${this.#source}: ${files} files, ${formatBytes(bytes)} copied`;
    hostChannel()?.display({ "text/plain": text }, { id: this.#id, update: this.#shown });
    this.#shown = true;
    this.#shownAt = performance.now();
  }
}

async function collect(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

async function makeFolders(system: FileSystem, path: string, mode?: number): Promise<void> {
  const existing = await statOrUndefined(system, path);
  if (existing !== undefined) {
    if (kindOf(existing.mode) === "folder") return;
    throw new FilesError("not-a-folder", path, { message: "it is there and not a folder" });
  }
  await makeFolders(system, posix.dirname(path));
  try {
    await makeOneFolder(system, path, mode);
  } catch (error) {
    if (!(error instanceof FilesError) || error.code !== "exists") throw error;
  }
}

async function makeOneFolder(system: FileSystem, path: string, mode: number | undefined): Promise<void> {
  await system.makeFolder(path, mode ?? 0o777);
  // The umask took its part of the mode that was asked for.
  if (mode !== undefined) await system.setMode(path, mode);
}

async function createFile(
  system: FileSystem,
  creation: { path: string; content: FileContent; mode: number | undefined; signal: AbortSignal },
): Promise<void> {
  const file = await system.create(creation.path, creation.mode ?? 0o666);
  try {
    if (creation.mode !== undefined) await file.setMode(creation.mode);
    await writeChunks(system, { file, pieces: toPieces(creation.content) }, creation);
    await file.sync();
  } catch (error) {
    await system.removeFile(creation.path).catch(() => {});
    throw error;
  } finally {
    await file.close();
  }
  await system.syncFolder(posix.dirname(creation.path));
}

async function copyFile(
  system: FileSystem,
  copy: { source: string; target: string; metadata: boolean; signal: AbortSignal },
): Promise<void> {
  const stat = await system.stat(copy.source);
  const pieces = readFile(system, { path: copy.source, signal: copy.signal });
  await replaceFile(system, {
    path: copy.target,
    pieces,
    mode: copy.metadata ? stat.mode & 0o7777 : undefined,
    times: copy.metadata ? stat : undefined,
    signal: copy.signal,
  });
}

async function* toPieces(content: FileContent): AsyncGenerator<Uint8Array, void> {
  if (content instanceof Secret) yield Buffer.from(content.reveal());
  else if (typeof content === "string") yield Buffer.from(content);
  else if (content instanceof Uint8Array) yield content;
  else for await (const piece of content) yield typeof piece === "string" ? Buffer.from(piece) : piece;
}

function decodeOther(path: string, text: { readonly bytes: Uint8Array; readonly encoding: string }): string {
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(text.encoding, { fatal: true, ignoreBOM: false });
  } catch (cause) {
    throw new FilesError("unsupported", path, { message: `there is no encoding ${text.encoding}`, cause });
  }
  try {
    return decoder.decode(text.bytes);
  } catch (cause) {
    throw new FilesError("invalid-text", path, { message: `its content is not ${decoder.encoding}`, cause });
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FilesError("invalid-json", path, { message: `not JSON: ${messageOf(cause)}`, cause });
  }
}
