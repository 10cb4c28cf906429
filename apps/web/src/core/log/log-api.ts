import { z } from "zod";
import { ApiError, apiUrl, request } from "../api.ts";

const lineSchema = z.object({ text: z.string(), bytes: z.number(), cut: z.literal(true).optional() });

const windowSchema = z.object({
  bytes: z.number(),
  total: z.number(),
  open: z.boolean(),
  /** Milliseconds since 1970; there where only head and tail of it are left. */
  collected: z.number().optional(),
  from: z.number(),
  style: z.string(),
  lines: z.array(lineSchema),
});
export type LogWindow = z.infer<typeof windowSchema>;

const reportSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.enum(["progress", "end"]),
    bytes: z.number(),
    lines: z.number(),
    matched: z.number(),
    hits: z.array(z.tuple([z.number(), z.number(), z.number()])),
  }),
  z.object({ type: z.literal("failed"), message: z.string() }),
]);
export type SearchReport = z.infer<typeof reportSchema>;

export interface LogQuery {
  text: string;
  regex: boolean;
  matchCase: boolean;
}

export interface LogRange {
  /** From 0, both included. */
  from: number;
  to: number;
}

const base = (outputId: string) => `api/opsbook/spools/${encodeURIComponent(outputId)}`;

/** Where all of a log, or some of its lines, can be downloaded. */
export function logUrl(outputId: string, options: { range?: LogRange; ansi?: "keep" | "strip" } = {}): string {
  const url = apiUrl(base(outputId));
  if (options.range) url.searchParams.set("lines", `${options.range.from + 1}-${options.range.to + 1}`);
  if (options.ansi === "strip") url.searchParams.set("ansi", "strip");
  return url.href;
}

/** `from` below 0 counts from the end. Throws ApiError. */
export function fetchWindow(
  outputId: string,
  { from, count, signal }: { from: number; count: number; signal: AbortSignal },
): Promise<LogWindow> {
  return request(`${base(outputId)}/lines?from=${from}&count=${count}`, { schema: windowSchema, signal });
}

/** The text of some lines without escape sequences. Throws ApiError; `refused` where they are more than `limit` bytes. */
export async function fetchText(outputId: string, range: LogRange, limit: number): Promise<string> {
  const response = await fetch(logUrl(outputId, { range, ansi: "strip" }), { credentials: "same-origin" });
  const { body } = response;
  if (!response.ok || !body)
    throw new ApiError("server", `The server answered ${response.status}.`, { status: response.status });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(body)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > limit) throw new ApiError("refused", "That is too much to copy. Download these lines instead.");
  }
  return new Blob(chunks as BlobPart[]).text();
}

/** Reports as the search goes on; it ends with `end` or `failed`. Throws ApiError, or the signal's reason. */
export async function* searchLog(outputId: string, query: LogQuery, signal: AbortSignal): AsyncGenerator<SearchReport> {
  const url = apiUrl(`${base(outputId)}/search`);
  url.searchParams.set("text", query.text);
  url.searchParams.set("regex", query.regex ? "1" : "0");
  url.searchParams.set("case", query.matchCase ? "1" : "0");
  const response = await fetch(url, { credentials: "same-origin", signal });
  if (!response.ok || !response.body) {
    const refusal = z.object({ message: z.string() }).safeParse(await response.json().catch(() => null));
    throw new ApiError("refused", refusal.success ? refusal.data.message : `The server answered ${response.status}.`, {
      status: response.status,
    });
  }
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of chunksOf(response.body)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield reportSchema.parse(JSON.parse(line));
  }
}

/** Not every browser iterates over a stream by itself. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    void reader.cancel().catch(() => {});
  }
}
