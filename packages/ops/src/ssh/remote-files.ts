import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { formatBytes, formatDuration } from "../core/display.ts";
import { hostChannel } from "../core/host-channel.ts";
import type { CallOptions } from "../core/options.ts";
import { createFiles } from "../files/create-files.ts";
import { kindOf } from "../files/entry.ts";
import { FilesError } from "../files/error.ts";
import type { Files } from "../files/files.ts";
import { withLimits } from "../files/limits.ts";
import { localFileSystem } from "../files/local-file-system.ts";
import type { FileSystem } from "../files/port.ts";
import { readFile } from "../files/transfer.ts";
import { replaceFile } from "../files/write.ts";
import type { Sh } from "../sh/sh.ts";

export interface TransferOptions extends CallOptions {
  /** Bytes done and, where known, in all. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Transfer {
  /** Where the copy is. */
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal, of the bytes that were sent. */
  readonly sha256: string;
  /** The host's own sha256sum of its file agrees; false where it has no such program. */
  readonly verified: boolean;
  readonly durationMs: number;
}

/** Files of a host: what {@link Files} has, and copies to and from this machine. */
export interface RemoteFiles extends Files {
  /**
   * Copies a file of the host to this machine, all-or-nothing; permissions are kept. A folder as target takes the
   * file's name.
   * @throws FilesError `io` when the content changed on the way.
   * @example
   * await using host = await ssh.connect("web1");
   * await host.files.get("/var/log/syslog", "/tmp/");
   */
  get(remote: string, local: string, options?: TransferOptions): Promise<Transfer>;
  /**
   * Copies a file of this machine to the host, all-or-nothing; permissions are kept.
   * @example
   * await using host = await ssh.connect("web1");
   * await host.files.put("/etc/hostname", "/tmp/hostname");
   */
  put(local: string, remote: string, options?: TransferOptions): Promise<Transfer>;
}

export function createRemoteFiles(remote: FileSystem, sh: Sh): RemoteFiles {
  const transfer = (ends: Ends, options: TransferOptions) =>
    withLimits({ path: ends.source.path, options }, (signal) => copyAcross(ends, { sh, options, signal }));
  return Object.freeze({
    ...createFiles(remote),
    get: (from: string, to: string, options: TransferOptions = {}) =>
      transfer({ source: end(remote, from), target: end(localFileSystem, to), remote: "source" }, options),
    put: (from: string, to: string, options: TransferOptions = {}) =>
      transfer({ source: end(localFileSystem, from), target: end(remote, to), remote: "target" }, options),
  });
}

interface End {
  readonly system: FileSystem;
  readonly path: string;
}

interface Ends {
  readonly source: End;
  readonly target: End;
  /** Which of them is on the other machine. */
  readonly remote: "source" | "target";
}

function end(system: FileSystem, path: string): End {
  return { system, path: system.resolve(path) };
}

interface Context {
  readonly sh: Sh;
  readonly options: TransferOptions;
  readonly signal: AbortSignal;
}

async function copyAcross(ends: Ends, context: Context): Promise<Transfer> {
  const started = performance.now();
  const { source } = ends;
  const stat = await source.system.stat(source.path);
  if (kindOf(stat.mode) !== "file") {
    throw new FilesError("not-a-file", source.path, { message: "only files can be copied one by one" });
  }
  const path = await intoFolder(ends.target, source.path);
  const hash = createHash("sha256");
  const progress = new Progress(`${basename(source.path)} → ${path}`, stat.size);
  async function* hashed() {
    for await (const chunk of readFile(source.system, { path: source.path, signal: context.signal })) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const bytes = await replaceFile(ends.target.system, {
    path,
    pieces: hashed(),
    mode: stat.mode & 0o7777,
    signal: context.signal,
    onBytes: (done) => {
      progress.report(done);
      context.options.onProgress?.(done, stat.size);
    },
  });
  progress.end(bytes);
  const sha256 = hash.digest("hex");
  const there = await remoteHash(context, ends.remote === "source" ? source.path : path);
  if (there !== undefined && there !== sha256) {
    throw new FilesError("io", path, {
      message: `the copy differs from the original: sha256 ${sha256} here, ${there} on the host`,
    });
  }
  return Object.freeze({ path, bytes, sha256, verified: there !== undefined, durationMs: performance.now() - started });
}

async function intoFolder(target: End, source: string): Promise<string> {
  try {
    const stat = await target.system.stat(target.path);
    return kindOf(stat.mode) === "folder" ? join(target.path, basename(source)) : target.path;
  } catch (error) {
    if (error instanceof FilesError && error.code === "not-found") return target.path;
    throw error;
  }
}

async function remoteHash(context: Context, path: string): Promise<string | undefined> {
  const result = await context.sh`sha256sum -- ${path}`.signal(context.signal).nothrow();
  return /^\\?([0-9a-f]{64}) /.exec(result.stdout)?.[1];
}

const REDRAW_MS = 250;

/** A line in the cell that follows a long copy; nothing outside a notebook or for a short one. */
class Progress {
  readonly #id: string = crypto.randomUUID();
  readonly #label: string;
  readonly #total: number;
  readonly #started = performance.now();
  #drawn: number | undefined;

  constructor(label: string, total: number) {
    this.#label = label;
    this.#total = total;
  }

  report(done: number): void {
    const now = performance.now();
    if (now - (this.#drawn ?? this.#started) >= REDRAW_MS) this.#show(done, false);
  }

  end(done: number): void {
    if (this.#drawn !== undefined) this.#show(done, true);
  }

  #show(done: number, finished: boolean): void {
    const host = hostChannel();
    if (host === undefined) return;
    const update = this.#drawn !== undefined;
    this.#drawn = performance.now();
    const elapsed = this.#drawn - this.#started;
    const percent = this.#total === 0 ? 100 : Math.floor((done / this.#total) * 100);
    const rate = formatBytes((done / elapsed) * 1000);
    const text = `${this.#label}  ${percent} %  ${formatBytes(done)} of ${formatBytes(this.#total)}  ${rate}/s  ${formatDuration(elapsed)}`;
    host.display({ "text/plain": text }, { id: this.#id, update });
    host.send("progress", { id: this.#id, label: this.#label, done, total: this.#total, finished });
  }
}
