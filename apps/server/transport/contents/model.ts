import { createHash } from "node:crypto";
import { extname } from "node:path";
import { z } from "zod";

/** Jupyter Server's contents model, `GET /api/contents/…`. */
export interface ContentsModel {
  name: string;
  /** Relative to the served folder, with slashes, without one in front. */
  path: string;
  type: "notebook" | "file" | "directory";
  format: "json" | "text" | "base64" | null;
  mimetype: string | null;
  content: unknown;
  /** Bytes; null for folders. */
  size: number | null;
  writable: boolean;
  created: string;
  last_modified: string;
  hash: string | null;
  hash_algorithm: "sha256" | null;
}

const flag = z
  .enum(["0", "1"])
  .optional()
  .transform((value) => value === undefined || value === "1");

export const readQuerySchema = z.object({
  type: z.enum(["notebook", "file", "directory"]).optional(),
  format: z.enum(["json", "text", "base64"]).optional(),
  content: flag,
  hash: z
    .enum(["0", "1"])
    .optional()
    .transform((value) => value === "1"),
});
export type ReadQuery = z.infer<typeof readQuerySchema>;

/** Clients send whole models back; what we do not use is let through unread. */
export const saveSchema = z.object({
  type: z.enum(["notebook", "file", "directory"]),
  format: z.enum(["json", "text", "base64"]).nullish(),
  content: z.unknown().optional(),
  /** Large uploads: 1, 2, … and -1 for the last piece. */
  chunk: z.number().int().optional(),
});
export type SaveRequest = z.infer<typeof saveSchema>;

export const createSchema = z.object({
  type: z.enum(["notebook", "file", "directory"]).optional(),
  ext: z
    .string()
    .regex(/^\.?[A-Za-z0-9_.-]{0,32}$/)
    .optional(),
  copy_from: z.string().optional(),
});

export const renameSchema = z.object({ path: z.string().min(1) });

export function hashOf(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

const MIME: Record<string, string> = {
  ".txt": "text/plain",
  ".md": "text/markdown",
  ".json": "application/json",
  ".csv": "text/csv",
  ".ts": "text/x-typescript",
  ".js": "text/javascript",
  ".py": "text/x-python",
  ".sh": "text/x-sh",
  ".yaml": "text/yaml",
  ".yml": "text/yaml",
  ".html": "text/html",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".pdf": "application/pdf",
};

export function mimeOf(name: string, isText: boolean): string {
  return MIME[extname(name).toLowerCase()] ?? (isText ? "text/plain" : "application/octet-stream");
}

export function isNotebookName(name: string): boolean {
  return name.toLowerCase().endsWith(".ipynb");
}
