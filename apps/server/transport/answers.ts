import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import { z } from "zod";
import { AuthError } from "../auth/index.ts";
import { RuntimeError, type RuntimeErrorCode } from "../runtime/index.ts";
import { SessionError } from "../session/index.ts";
import { CheckpointError } from "../store/checkpoints.ts";
import { FormatError } from "../store/formats.ts";
import { HttpError, type Reason } from "./errors.ts";

/** Any thrown thing as an answer; what we did not expect says nothing about our insides. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof AuthError) {
    const code =
      error.code === "rate-limited" ? "rate-limited" : error.code === "unknown-user" ? "not-found" : "bad-token";
    return new HttpError(code, error.message, { cause: error });
  }
  if (error instanceof SessionError) return sessionError(error);
  if (error instanceof CheckpointError) {
    const code = error.code === "damaged" ? "damaged-checkpoint" : "not-found";
    return new HttpError(code, error.message, { cause: error });
  }
  if (error instanceof FormatError) return new HttpError("newer-format", error.message, { cause: error });
  if (error instanceof RuntimeError) return runtimeError(error);
  if (error instanceof z.ZodError) {
    const issue = error.issues[0];
    const where = issue?.path.join(".");
    const message = `The request is not valid${where ? ` at ${where}` : ""}: ${issue?.message ?? "unknown"}`;
    return new HttpError("bad-request", message, { cause: error });
  }
  if (error instanceof RangeError)
    return new HttpError("bad-request", "The body is nested too deep.", { cause: error });
  const status = (error as { status?: unknown } | null)?.status;
  // Express and its body parser: malformed JSON, a wrong percent code, a body beyond its limit.
  if (status === 413) return new HttpError("too-large", "The body is too large.", { cause: error });
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new HttpError("bad-request", "The request could not be read.", { cause: error });
  }
  return new HttpError("internal-error", "Something failed inside the server; its log says what.", { cause: error });
}

function sessionError(error: SessionError): HttpError {
  const { line, column } = error;
  const details = { ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
  const codes: Record<SessionError["code"], Reason> = {
    "invalid-notebook": "invalid-notebook",
    "not-found": "not-found",
    "not-a-notebook": "not-a-notebook",
    "storage-failed": "storage-failed",
    "newer-format": "newer-format",
    "no-such-cell": "not-found",
    "not-replaceable": "not-replaceable",
  };
  return new HttpError(codes[error.code], error.message, { cause: error, details });
}

function runtimeError(error: RuntimeError): HttpError {
  const codes: Partial<Record<RuntimeErrorCode, Reason>> = {
    "unknown-kernel": "unknown-kernel",
    "unknown-terminal": "not-found",
  };
  const details = error.available.length > 0 ? { available: error.available } : {};
  return new HttpError(codes[error.code] ?? "kernel-failed", error.message, { cause: error, details });
}

export function param(req: Request, name: string): string {
  const value: unknown = req.params[name];
  if (typeof value !== "string") throw new HttpError("bad-request", `The path lacks its ${name}.`);
  return value;
}

/** Components of a `*path` wildcard, decoded once by Express; a trailing slash is let pass. */
export function pathParam(req: Request): string[] {
  const value: unknown = req.params.path;
  if (value === undefined) return [];
  const parts = (Array.isArray(value) ? value : [value]) as string[];
  return parts.at(-1) === "" ? parts.slice(0, -1) : parts;
}

export interface FileAnswer {
  /** Bytes there are. */
  size: number;
  type: string;
  /** File name of a download. */
  download?: string;
  read: (range: { start: number; end: number }) => NodeJS.ReadableStream;
}

/** Sends bytes, whole or the one range asked for (RFC 9110 §14.2; several ranges count as none). */
export async function sendBytes(req: Request, res: Response, file: FileAnswer): Promise<void> {
  res.setHeader("Content-Type", file.type);
  res.setHeader("Accept-Ranges", "bytes");
  if (file.download !== undefined) res.attachment(file.download).setHeader("Content-Type", file.type);
  let [start, end] = [0, file.size - 1];
  const ranges = req.range(file.size);
  if (ranges === -1) {
    res.setHeader("Content-Range", `bytes */${file.size}`);
    throw new HttpError("range-not-satisfiable", `There are ${file.size} bytes.`);
  }
  if (Array.isArray(ranges) && ranges.type === "bytes" && ranges.length === 1 && ranges[0]) {
    ({ start, end } = ranges[0]);
    res.status(206).setHeader("Content-Range", `bytes ${start}-${end}/${file.size}`);
  }
  res.setHeader("Content-Length", Math.max(0, end - start + 1));
  if (req.method === "HEAD" || file.size === 0) {
    res.end();
    return;
  }
  await pipeline(file.read({ start, end }), res);
}
