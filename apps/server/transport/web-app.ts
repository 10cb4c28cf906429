import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Request, Response } from "express";
import { ASSET_CSP, newNonce, pageCsp } from "./headers.ts";

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
};
const COMPRESSIBLE = new Set([".css", ".js", ".json", ".map", ".svg", ".ttf", ".txt"]);
/** `html.cspNonce` of vite.config.ts. */
const NONCE_PLACEHOLDER = "__CSP_NONCE__";
const YEAR_S = 31_536_000;

type Encoding = "br" | "gzip" | "identity";

interface Asset {
  file: string;
  extension: string;
  etag: string;
  /** The name holds a hash of the content. */
  immutable: boolean;
  bodies: Map<Encoding, Promise<Buffer>>;
}

/** The built web app. Only files found there by listing are served; a new build is noticed by its index.html. */
export class WebApp {
  readonly #dir: string;
  #assets = new Map<string, Asset>();
  #index: string | null = null;
  #builtAt = -1;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** False when the app has no such file. */
  async sendAsset(path: string, req: Request, res: Response): Promise<boolean> {
    await this.#refresh();
    const asset = this.#assets.get(path);
    if (!asset) return false;
    res.setHeader("Content-Security-Policy", ASSET_CSP);
    res.setHeader("Cache-Control", asset.immutable ? `public, max-age=${YEAR_S}, immutable` : "no-cache");
    res.setHeader("Vary", "Accept-Encoding");
    const encoding = COMPRESSIBLE.has(asset.extension) ? chooseEncoding(req) : "identity";
    res.setHeader("ETag", `"${asset.etag}-${encoding}"`);
    if (req.fresh) {
      res.status(304).end();
      return true;
    }
    const body = await bodyOf(asset, encoding);
    res.setHeader("Content-Type", TYPES[asset.extension] ?? "application/octet-stream");
    if (encoding !== "identity") res.setHeader("Content-Encoding", encoding);
    res.end(body);
    return true;
  }

  /**
   * The page itself, with a fresh nonce on its scripts. It has no ETag: an answer of "not modified" would
   * bring a new policy for a page that still carries the old nonce. False when the app is not built.
   */
  async sendIndex(res: Response): Promise<boolean> {
    await this.#refresh();
    if (this.#index === null) return false;
    const nonce = newNonce();
    res.setHeader("Content-Security-Policy", pageCsp(nonce));
    res.setHeader("Content-Type", "text/html; charset=utf-8");
    res.end(withNonce(this.#index, nonce));
    return true;
  }

  async #refresh(): Promise<void> {
    const built = await stat(join(this.#dir, "index.html")).catch(() => null);
    if ((built?.mtimeMs ?? 0) === this.#builtAt) return;
    this.#builtAt = built?.mtimeMs ?? 0;
    this.#index = built ? await readFile(join(this.#dir, "index.html"), "utf8") : null;
    this.#assets = built ? await listAssets(this.#dir) : new Map();
  }
}

function bodyOf(asset: Asset, encoding: Encoding): Promise<Buffer> {
  let body = asset.bodies.get(encoding);
  if (!body) {
    body = readBody(asset.file, encoding);
    asset.bodies.set(encoding, body);
    body.catch(() => asset.bodies.delete(encoding));
  }
  return body;
}

async function listAssets(dir: string): Promise<Map<string, Asset>> {
  const assets = new Map<string, Asset>();
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(dir.length).replaceAll("\\", "/");
    const extension = extname(entry.name);
    if (!entry.isFile() || path === "/index.html" || extension === ".br" || extension === ".gz") continue;
    const { size, mtimeMs } = await stat(file);
    assets.set(path, {
      file,
      extension,
      etag: createHash("sha256").update(`${path} ${size} ${mtimeMs}`).digest("base64url").slice(0, 16),
      immutable: path.startsWith("/assets/") && /-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/.test(path),
      bodies: new Map(),
    });
  }
  return assets;
}

function chooseEncoding(req: Request): Encoding {
  const accepted = req.acceptsEncodings(["br", "gzip", "identity"]);
  return accepted === "br" || accepted === "gzip" ? accepted : "identity";
}

/** The file the build made beside it, else compressed here once and kept. */
async function readBody(file: string, encoding: Encoding): Promise<Buffer> {
  switch (encoding) {
    case "identity":
      return readFile(file);
    case "br":
      return readFile(`${file}.br`).catch(async () =>
        promisify(brotliCompress)(await readFile(file), { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
      );
    case "gzip":
      return readFile(`${file}.gz`).catch(async () => promisify(gzip)(await readFile(file)));
  }
}

/** The build may have put its placeholder where a nonce goes; a tag without one gets it here. */
function withNonce(html: string, nonce: string): string {
  return html
    .replaceAll(NONCE_PLACEHOLDER, nonce)
    .replace(/<(script|link)\b(?![^>]*\bnonce=)/gi, `<$1 nonce="${nonce}"`);
}
