import { createHash } from "node:crypto";
import { mkdirSync, statSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isJsonMime, type JsonValue, type MimeBundle } from "@opsbook/notebook";
import type { BlobRef } from "@opsbook/notebook/session";
import { writeAtomic } from "./atomic-write.ts";

/** Values of this many bytes and more leave the state. */
const BLOB_THRESHOLD = 65_536;

const isImage = (mime: string) => mime.startsWith("image/") && mime !== "image/svg+xml";

const isBlobRef = (value: JsonValue | undefined): value is BlobRef & { [key: string]: JsonValue } =>
  typeof value === "object" && value !== null && !Array.isArray(value) && typeof value.$blob === "string";

/** Big MIME values by the SHA-256 of their bytes: base64 images as binary, JSON and text as UTF-8. */
export class Blobs {
  readonly #folder: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
  }

  /** The bundle with every big value put on disk and replaced by a reference. */
  async externalize(data: MimeBundle): Promise<MimeBundle> {
    const entries = await Promise.all(
      Object.entries(data).map(async ([mime, value]): Promise<[string, JsonValue]> => {
        if (isBlobRef(value)) return [mime, null];
        const bytes = toBytes(mime, value);
        return [mime, bytes.length < BLOB_THRESHOLD ? value : { ...(await this.#put(bytes)) }];
      }),
    );
    return Object.fromEntries(entries);
  }

  /** True where `externalize` would change nothing, without touching the disk. */
  isSmall(data: MimeBundle): boolean {
    return Object.values(data).every((value) =>
      typeof value === "string"
        ? value.length < BLOB_THRESHOLD / 3
        : !isBlobRef(value) && sizeBelow(value, BLOB_THRESHOLD / 3),
    );
  }

  /** The bundle as the `.ipynb` holds it. A blob that is gone leaves a note in its place. */
  async inline(data: MimeBundle): Promise<MimeBundle> {
    const entries = await Promise.all(
      Object.entries(data).map(async ([mime, value]): Promise<[string, JsonValue]> => {
        if (!isBlobRef(value)) return [mime, value];
        const bytes = await readFile(join(this.#folder, value.$blob)).catch(() => null);
        return bytes ? [mime, fromBytes(mime, bytes)] : ["text/plain", `[${mime} of ${value.bytes} bytes is gone]`];
      }),
    );
    return Object.fromEntries(entries);
  }

  async find(sha256: string): Promise<{ file: string; bytes: number } | undefined> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
    const file = join(this.#folder, sha256);
    const found = await stat(file).catch(() => null);
    return found?.isFile() ? { file, bytes: found.size } : undefined;
  }

  async #put(bytes: Buffer): Promise<BlobRef> {
    const hash = createHash("sha256").update(bytes).digest("hex");
    const file = join(this.#folder, hash);
    const exists = statSync(file, { throwIfNoEntry: false })?.size === bytes.length;
    if (!exists) await writeAtomic(file, bytes, 0o600);
    return { $blob: hash, bytes: bytes.length };
  }
}

function sizeBelow(value: JsonValue, limit: number): boolean {
  return typeof value !== "object" || value === null || JSON.stringify(value).length < limit;
}

function toBytes(mime: string, value: JsonValue): Buffer {
  if (typeof value !== "string" || isJsonMime(mime)) return Buffer.from(JSON.stringify(value));
  return Buffer.from(value, isImage(mime) ? "base64" : "utf8");
}

function fromBytes(mime: string, bytes: Buffer): JsonValue {
  if (isJsonMime(mime)) return JSON.parse(bytes.toString()) as JsonValue;
  return isImage(mime) ? bytes.toString("base64") : bytes.toString();
}
